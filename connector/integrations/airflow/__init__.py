"""Airflow: actions as tasks, sensors, and runs of DAGs for events; needs the extra `airflow`."""
