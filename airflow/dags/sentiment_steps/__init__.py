"""Parts of the DAG `sentiment_pipeline`; only the DAG's own file imports Airflow."""
