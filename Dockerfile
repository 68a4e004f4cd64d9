# One image for every process of the product; docker-compose.yml says which command each runs.
FROM python:3.11-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1

RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin chat

WORKDIR /app

# Development and tests stand below their headline and stay out.
COPY requirements.txt ./
RUN sed '/^# Development and tests/,$d' requirements.txt > /tmp/product.txt \
    && pip install --no-cache-dir --disable-pip-version-check -r /tmp/product.txt \
    && rm /tmp/product.txt

COPY . .
# Compiled here: at run time the product may write to nothing but its logs and attachments.
RUN python -m compileall -q . \
    && python -m django collectstatic --no-input --settings deploy.static_settings \
    && install --directory --owner chat --group chat logs attachments

USER chat
EXPOSE 5004
CMD ["gunicorn", "-c", "chat_project/gunicorn.conf.py", "chat_project.wsgi"]
