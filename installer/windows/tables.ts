/**
 * What the MSI has that wixl cannot write: properties that may be given by whoever installs, and that stay out of logs;
 * the actions (`actions.ts`); who may read its data; what Windows does when the service fails.
 * Each entry is one statement of MSI's SQL.
 */
import { actions, at } from './actions.ts';
import { GIVEN, HOST_FILE, SERVICE, serviceSid } from './names.ts';
import { idOf } from './source.ts';

/**
 * What reaches the part of the installation that runs as the system, whoever gives it. SERVICE_ACCOUNT is not among them:
 * of an administrator it gets there all the same, and nobody else names the account of the service.
 */
const PUBLIC = [...GIVEN, 'SESSIONS', 'INSTALLDIR', 'PURGE'];

const SECURE = [...PUBLIC, 'WIX_DOWNGRADE_DETECTED', 'WIX_UPGRADE_DETECTED'];

/** A repair may be asked for by any user, and runs as the system: address and folder are those that are known. */
const keep = (saved: string, given: string): string => `${saved} AND (Installed OR NOT ${given})`;

const CLOSED = 'O:SYG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)';
/**
 * The system and administrators all, the service's own account what it needs to write; nobody else anything. Any user may
 * have made the folder before, and an owner may do everything: it belongs to the system from here on.
 */
const DATA_SDDL = `${CLOSED}(A;OICI;0x1301bf;;;${serviceSid(SERVICE)})`;
/** The folder around it: whoever owned that would put another one in the place of what is in it. */
const PARENT_SDDL = `${CLOSED}(A;;0x1301bf;;;${serviceSid(SERVICE)})(A;;0x1200a9;;;BU)`;

/** The program, wherever it was put: what runs as the system, and in everybody's PATH, is for administrators to change. */
const PROGRAM_SDDL = `${CLOSED}(A;OICI;0x1200a9;;;BU)`;

/** Statements in the order in which they are run. `sequence` are the numbers that wixl gave to the actions around ours. */
export function statements(sequence: Readonly<Record<string, number>>): readonly string[] {
  const { InstallServices: services, RemoveFiles: removes } = sequence as Record<
    'InstallServices' | 'RemoveFiles',
    number
  >;
  return [
    `UPDATE \`Property\` SET \`Value\` = '${SECURE.join(';')}' WHERE \`Property\` = 'SecureCustomProperties'`,
    "INSERT INTO `Property` (`Property`, `Value`) VALUES ('MsiHiddenProperties', 'JOIN_TOKEN')",
    // The older version goes first, in the same transaction: what fails brings it back.
    "UPDATE `InstallExecuteSequence` SET `Sequence` = 1501 WHERE `Action` = 'RemoveExistingProducts'",
    at('keepUrl', keep('SAVED_URL', 'CONTROLPLANE_URL'), 51),
    at('keepDir', keep('SAVED_DIR', 'INSTALLDIR'), 52),
    at('keepUrl', keep('SAVED_URL', 'CONTROLPLANE_URL'), 51, 'InstallUISequence'),
    at('keepDir', keep('SAVED_DIR', 'INSTALLDIR'), 52, 'InstallUISequence'),
    at('keepEnd', 'INSTALLDIR', 53),
    at('keepEnd', 'INSTALLDIR', 53, 'InstallUISequence'),
    ...actions(sequence),
    // The folder of the command is added to everybody's PATH, and taken out again.
    'CREATE TABLE `Environment` (`Environment` CHAR(72) NOT NULL, `Name` CHAR(255) NOT NULL, `Value` CHAR(255), ' +
      '`Component_` CHAR(72) NOT NULL PRIMARY KEY `Environment`)',
    'INSERT INTO `Environment` (`Environment`, `Name`, `Value`, `Component_`) ' +
      "VALUES ('path', '=-*PATH', '[~];[INSTALLDIR]', 'cPath')",
    at('RemoveEnvironmentStrings', '', removes - 2),
    at('WriteEnvironmentStrings', '', services - 1),
    'CREATE TABLE `MsiLockPermissionsEx` (`MsiLockPermissionsEx` CHAR(72) NOT NULL, `LockObject` CHAR(72) NOT NULL, ' +
      '`Table` CHAR(32) NOT NULL, `SDDLText` LONGCHAR NOT NULL, `Condition` CHAR(255) PRIMARY KEY `MsiLockPermissionsEx`)',
    'INSERT INTO `MsiLockPermissionsEx` (`MsiLockPermissionsEx`, `LockObject`, `Table`, `SDDLText`) ' +
      `VALUES ('data', 'DATADIR', 'CreateFolder', '${DATA_SDDL}')`,
    "INSERT INTO `CreateFolder` (`Directory_`, `Component_`) VALUES ('dataCasare', 'cData')",
    'INSERT INTO `MsiLockPermissionsEx` (`MsiLockPermissionsEx`, `LockObject`, `Table`, `SDDLText`) ' +
      `VALUES ('parent', 'dataCasare', 'CreateFolder', '${PARENT_SDDL}')`,
    'INSERT INTO `MsiLockPermissionsEx` (`MsiLockPermissionsEx`, `LockObject`, `Table`, `SDDLText`) ' +
      `VALUES ('program', 'INSTALLDIR', 'CreateFolder', '${PROGRAM_SDDL}')`,
    // What the installer keeps for minutes: nobody else may read what is in `agent.yaml`.
    'INSERT INTO `MsiLockPermissionsEx` (`MsiLockPermissionsEx`, `LockObject`, `Table`, `SDDLText`) ' +
      `VALUES ('kept', 'KEPT', 'CreateFolder', '${CLOSED}')`,
    'CREATE TABLE `MsiServiceConfigFailureActions` (`MsiServiceConfigFailureActions` CHAR(72) NOT NULL, `Name` CHAR(255) NOT NULL, ' +
      '`Event` SHORT NOT NULL, `ResetPeriod` LONG, `RebootMessage` CHAR(255), `Command` CHAR(255), `Actions` CHAR(255), ' +
      '`DelayActions` CHAR(255), `Component_` CHAR(72) NOT NULL PRIMARY KEY `MsiServiceConfigFailureActions`)',
    // At each installation (1) and each repair (4): started again after 10 s, 60 s, 300 s; forgotten after a day.
    'INSERT INTO `MsiServiceConfigFailureActions` (`MsiServiceConfigFailureActions`, `Name`, `Event`, `ResetPeriod`, `Actions`, ' +
      `\`DelayActions\`, \`Component_\`) VALUES ('failures', '${SERVICE}', 5, 86400, '1[~]1[~]1', '10000[~]60000[~]300000', '${idOf(HOST_FILE)}')`,
    at('MsiConfigureServices', 'VersionMsi >= "5.00"', services + 8),
  ];
}
