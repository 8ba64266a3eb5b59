# The control plane in a container: one image, from which docker-compose.yaml makes the web process and the signer, each as a
# user of its own, as the package does on a machine.
#
#   npm run build:deb && docker build -f installer/docker/control-plane.Dockerfile --build-arg VERSION=0.1.0 dist
#
# For a build that can be repeated, give the base by its digest: --build-arg BASE=debian@sha256:…
ARG BASE=debian:bookworm-slim
FROM ${BASE}
ARG VERSION
COPY casare-control-plane_${VERSION}_amd64.deb /tmp/casare-control-plane.deb
# The users have numbers that stay, since volumes and files of secrets belong to them. openssl makes the first certificate.
# No version of a package is written down: it would age here, and get no security updates.
# hadolint ignore=DL3008
RUN groupadd --gid 10001 casare-web \
  && groupadd --gid 10002 casare-signer \
  && useradd --uid 10001 --gid 10001 --home-dir /var/lib/casare --no-create-home --shell /usr/sbin/nologin casare-web \
  && useradd --uid 10002 --gid 10002 --home-dir /var/lib/casare-signer --no-create-home --shell /usr/sbin/nologin casare-signer \
  && apt-get update \
  && apt-get install --yes --no-install-recommends openssl systemd-standalone-sysusers systemd-standalone-tmpfiles /tmp/casare-control-plane.deb \
  && install -d -o casare-web -g casare-web -m 0750 /run/casare-database /run/casare-tls \
  && rm -rf /tmp/casare-control-plane.deb /var/lib/apt/lists/*
# casare-web
USER 10001
WORKDIR /var/lib/casare
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=10s --start-period=120s --retries=3 CMD ["/usr/bin/casare", "healthcheck"]
ENTRYPOINT ["/usr/bin/casare"]
CMD ["up"]
