"""Models and counts: arrays and frames in, results out. Knows no Airflow, no database and no environment."""
