# escape=`
# The agent in a Windows container: it enrols at each start, and leaves when it is stopped.
#
# Not built or run where it was written: only a Windows host builds it. It is linted; what the MSI holds is tested on Linux.
# Server Core and not Nano Server, which has neither the installer that unpacks the MSI nor what a browser needs.
#
#   npm run build:msi            (on Linux)
#   docker build -f installer/docker/agent-windows.Dockerfile --build-arg VERSION=0.1.0 dist     (on Windows)
#
# The base must be of the host's Windows, or older where Hyper-V isolates: --build-arg BASE=mcr.microsoft.com/windows/servercore:ltsc2025
ARG BASE=mcr.microsoft.com/windows/servercore:ltsc2022
FROM ${BASE}
ARG VERSION
SHELL ["cmd", "/S", "/C"]
COPY casare-agent-${VERSION}-x64.msi C:/casare-agent.msi
# An administrative installation: the files alone. No service, no registry; the container is what starts the agent.
RUN msiexec.exe /a C:\casare-agent.msi /qn TARGETDIR=C:\casare `
  && del C:\casare-agent.msi `
  && mkdir C:\casare-home `
  && icacls C:\casare-home /inheritance:r /grant *S-1-5-18:(OI)(CI)F /grant *S-1-5-32-544:(OI)(CI)F /grant ContainerUser:(OI)(CI)F
# The URL comes by CASARE_AGENT_URL, the token as a file: never as a variable, which `docker inspect` shows.
# hadolint ignore=DL3064
ENV CASARE_AGENT_HOME=C:\casare-home `
    CASARE_AGENT_TOKEN_FILE=C:\ProgramData\casare-secrets\join-token
# Windows knows its users by name.
# hadolint ignore=DL3066
USER ContainerUser
WORKDIR C:/casare-home
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["C:\\casare\\Casare\\Agent\\node.exe", "C:\\casare\\Casare\\Agent\\casare-agent.mjs", "healthcheck"]
ENTRYPOINT ["C:\\casare\\Casare\\Agent\\node.exe", "--disable-warning=ExperimentalWarning", "C:\\casare\\Casare\\Agent\\casare-agent.mjs"]
CMD ["run", "--ephemeral"]
