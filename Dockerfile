# The image of every Airflow service in docker-compose.yml: the project and the packages of its lock, nothing else.
FROM python:3.12-slim

# Files in RAPPORT_HOME belong to this user; give it the id that owns the folder on your server (.env: RAPPORT_UID).
ARG RAPPORT_UID=1000
RUN useradd --uid "$RAPPORT_UID" --create-home rapport \
    && install --directory --owner rapport /opt/airflow /opt/airflow/logs /opt/rapport /var/lib/rapport /landing

WORKDIR /opt/rapport
COPY requirements.txt .
RUN pip install --no-cache-dir --no-compile -r requirements.txt && (python -m compileall -q -j 0 /usr/local/lib/python3.12/site-packages || true)
COPY --chown=rapport . .

USER rapport
ENV AIRFLOW_HOME=/opt/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/rapport/dags \
    AIRFLOW__CORE__LOAD_EXAMPLES=false \
    GX_ANALYTICS_ENABLED=false \
    PYTHONPATH=/opt/rapport \
    RAPPORT_HOME=/var/lib/rapport \
    RAPPORT_LANDING=/landing
ENTRYPOINT ["airflow"]
