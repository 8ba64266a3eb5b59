/**
 * The task of Windows that starts a worker host in the session of one account, or of whoever signs in. It runs with that
 * person's own rights, also those of an administrator; the key of the place, which all who are signed in can read, is enough
 * to command it (docs/guides/workers.md says what follows). Pure.
 */

/** What people and `schtasks` know it by. */
export const SESSION_TASK = 'Casare worker host';

/** All users of the machine, whatever the group is called there. */
const ALL_USERS = '<GroupId>S-1-5-32-545</GroupId>';

export interface TaskProgram {
  /** Node, and the agent, in full. */
  readonly node: string;
  readonly agent: string;
  /** Where the agent awaits worker hosts. */
  readonly socket: string;
  /** The account in whose sessions a host is started, by name or number; everybody's when absent. */
  readonly user?: string | undefined;
}

/** The task, as the Task Scheduler takes it. */
export function sessionTask({ node, agent, socket, user }: TaskProgram): string {
  const home = String.raw`%LOCALAPPDATA%\Casare\Worker`;
  return `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.3" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Author>Casare</Author>
    <Description>Runs jobs of the Casare agent in the session of the user who is signed in.</Description>
    <URI>\\${SESSION_TASK}</URI>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <Enabled>true</Enabled>${
        user === undefined
          ? ''
          : `
      <UserId>${escaped(user)}</UserId>`
      }
    </LogonTrigger>
  </Triggers>
  <Principals>
    <!-- The task runs as the one who signs in, and never elevated. -->
    <Principal id="Author">
      ${
        user === undefined
          ? ALL_USERS
          : `<UserId>${escaped(user)}</UserId>
      <LogonType>InteractiveToken</LogonType>`
      }
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>Parallel</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <AllowHardTerminate>true</AllowHardTerminate>
    <StartWhenAvailable>false</StartWhenAvailable>
    <Hidden>true</Hidden>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>5</Priority>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>999</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>${escaped(`"${node}"`)}</Command>
      <Arguments>${escaped(`"${agent}" worker-host --socket "${socket}" --home "${home}"`)}</Arguments>
    </Exec>
  </Actions>
</Task>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
