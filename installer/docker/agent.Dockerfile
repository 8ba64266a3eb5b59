# The agent in a container: a user without rights, an identity for as long as the container lives.
#
#   npm run build:deb && docker build -f installer/docker/agent.Dockerfile --build-arg VERSION=0.1.0 dist
#
# For a build that can be repeated, give the base by its digest: --build-arg BASE=debian@sha256:…
ARG BASE=debian:bookworm-slim
FROM ${BASE}
ARG VERSION
COPY casare-agent_${VERSION}_amd64.deb /tmp/casare-agent.deb
# The user has a number that stays, since what is mounted belongs to it. No version of a package is written down: it would age
# here, and get no security updates.
# hadolint ignore=DL3008
RUN groupadd --gid 10001 casare-agent \
  && useradd --uid 10001 --gid 10001 --home-dir /var/lib/casare-agent --no-create-home --shell /usr/sbin/nologin casare-agent \
  && apt-get update \
  && apt-get install --yes --no-install-recommends systemd-standalone-sysusers systemd-standalone-tmpfiles /tmp/casare-agent.deb \
  && rm -rf /tmp/casare-agent.deb /var/lib/apt/lists/*
# The URL comes by CASARE_AGENT_URL, the token as a secret: never as a variable, which `docker inspect` shows.
# hadolint ignore=DL3064
ENV CASARE_AGENT_TOKEN_FILE=/run/secrets/casare-join-token
# casare-agent
USER 10001
WORKDIR /var/lib/casare-agent
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["/usr/bin/casare-agent", "healthcheck"]
ENTRYPOINT ["/usr/bin/casare-agent"]
CMD ["run", "--ephemeral"]
