"""A DAG that welcomes a user: reads who it is, creates a meeting, and waits until the meeting is listed.

Run it once, without a scheduler: python examples/airflow/welcome.py
"""

from airflow.sdk import DAG, chain

from connector.integrations.airflow.operator import ConnectorOperator
from connector.integrations.airflow.sensor import ConnectorSensor

with DAG("welcome", schedule=None, params={"user": "ada@example.com"}) as dag:
    user = ConnectorOperator(task_id="user", action="getUser", given={"userId": "{{ params.user }}"})
    meeting = ConnectorOperator(
        task_id="meeting",
        action="createMeeting",
        given={
            "userId": "{{ ti.xcom_pull('user')['id'] }}",
            "topic": "Welcome, {{ ti.xcom_pull('user')['first_name'] }}",
        },
    )
    listed = ConnectorSensor(
        task_id="listed",
        action="listMeetings",
        given={"userId": "{{ ti.xcom_pull('user')['id'] }}"},
        until="meetings[?starts_with(topic, 'Welcome')] | [0].topic",
        poke_interval=5,
        timeout=60,
    )
    chain(user, meeting, listed)

if __name__ == "__main__":
    run = dag.test()
    print(run.state)
    for task in sorted(run.get_task_instances(), key=lambda task: task.start_date):
        print(task.task_id, task.state, "at try", task.try_number)
