"""DAGs under test, which Airflow reads from a copy of this file.

The services that tasks call differ from test to test, and every task reads this file before it runs: so it takes the
variables of the test under way from the file that CONTRACT_ENVIRONMENT names.
"""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

from airflow.sdk import DAG, ExceptionRetryPolicy

from connector.integrations.airflow.operator import ConnectorOperator
from connector.integrations.airflow.sensor import ConnectorSensor

VARIANTS = {
    "contract": {},
    "contract_two_attempts": {"attempts": 2},
    "contract_impatient": {"longest_wait": 0.1},
    "contract_blind": {"retry_policy": ExceptionRetryPolicy(rules=[]), "retries": 2},  # repeats after any error
}
CALL = {
    "action": "{{ dag_run.conf['action'] }}",
    "given": "{{ dag_run.conf['given'] }}",
    "connection": "{{ dag_run.conf.get('connection') }}",
    "folder": "{{ dag_run.conf.get('folder') }}",
}

if environment := os.environ.get("CONTRACT_ENVIRONMENT"):
    os.environ.update(json.loads(Path(environment).read_text("utf-8")))

for name, options in VARIANTS.items():
    with DAG(name, schedule=None, render_template_as_native_obj=True):
        ConnectorOperator(task_id="run", retry_delay=timedelta(seconds=1), **CALL, **options)

with DAG("on_event", schedule=None):
    ConnectorOperator(
        task_id="run",
        action="getUser",
        given={"userId": "{{ dag_run.conf['event']['data']['payload']['object']['id'] }}"},
    )

for name, deferrable in (("sensor", False), ("deferrable_sensor", True)):
    with DAG(name, schedule=None, render_template_as_native_obj=True):
        ConnectorSensor(
            task_id="run",
            until="{{ dag_run.conf['until'] }}",
            poke_interval=0.5,
            timeout=60,
            deferrable=deferrable,
            **CALL,
        )

with DAG("mapped", schedule=None):
    ConnectorOperator.partial(task_id="run", action="createMeeting", retries=2).expand(
        given=[{"userId": "me", "topic": "One"}, {"userId": "me", "topic": "Two"}]
    )
