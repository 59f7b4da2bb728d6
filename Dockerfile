# Two images from one file: the targets "server" and "worker". See docs/containers.md.

FROM python:3.12-slim AS base
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore \
    PYTHONUNBUFFERED=1
RUN useradd --uid 10001 --user-group --create-home tuner
STOPSIGNAL SIGTERM


# The package itself.
FROM base AS wheel
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY migrations ./migrations
COPY search_spaces ./search_spaces
COPY tuner_service ./tuner_service
RUN pip wheel --no-deps --wheel-dir /wheels .


# An empty package with the same dependencies: what it installs is kept until these two files change, so that a change
# in the code does not bring TensorFlow in again.
FROM base AS dependencies
WORKDIR /dependencies
COPY pyproject.toml constraints.txt ./
RUN mkdir migrations search_spaces tuner_service \
    && touch README.md LICENSE migrations/env.py search_spaces/__init__.py \
    && echo '__version__ = "0"' > tuner_service/__init__.py


FROM dependencies AS server
RUN pip install -c constraints.txt .
RUN --mount=type=bind,from=wheel,source=/wheels,target=/wheels \
    pip install --no-deps --force-reinstall /wheels/*.whl
# Made before it becomes a volume: a new volume takes over its owner and mode.
RUN install --directory --owner=tuner --group=tuner --mode=0700 /data
ENV TUNER_HOME=/data
VOLUME /data
WORKDIR /data
# By number, so that a cluster which forbids root can see that it is none.
USER 10001:10001
EXPOSE 8700
# Not urllib: that would ask a proxy which the environment names.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-c", "\
from http.client import HTTPConnection; \
server = HTTPConnection('127.0.0.1', 8700, timeout=4); \
server.request('GET', '/healthz'); \
raise SystemExit(server.getresponse().status != 200)"]
ENTRYPOINT ["tuner", "serve", "--host", "0.0.0.0"]


FROM dependencies AS worker
# "gpu" brings CUDA along, "worker" is TensorFlow for the CPU.
ARG EXTRA=gpu
RUN pip install -c constraints.txt ".[${EXTRA}]"
RUN --mount=type=bind,from=wheel,source=/wheels,target=/wheels \
    pip install --no-deps --force-reinstall /wheels/*.whl
# "utility" is nvidia-smi, by which a worker finds its GPUs.
ENV NVIDIA_DRIVER_CAPABILITIES=compute,utility
WORKDIR /home/tuner
USER 10001:10001
# Whether the supervisor runs, and is not stopped or a zombie. Not whether the server answers: a worker waits that out,
# and whoever restarts unhealthy containers would end its trials for nothing.
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s --retries=3 CMD ["python", "-c", "\
import psutil; \
words = lambda process: [word.split('/')[-1] for word in (process.info['cmdline'] or [])[1:3]]; \
raise SystemExit(not any(\
words(process) == ['tuner', 'worker'] and process.info['status'] not in ('stopped', 'zombie', 'dead') \
for process in psutil.process_iter(['cmdline', 'status'])))"]
ENTRYPOINT ["tuner", "worker"]
