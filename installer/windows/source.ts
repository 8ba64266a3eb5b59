/**
 * The source of the MSI for wixl: every file as a component of its own with a GUID made of its path, the service, the
 * registry, the properties that administrators give, and the actions that write and remove the agent's configuration.
 *
 * What wixl does not know, or ignores in silence, is in `tables.ts`.
 */
import path from 'node:path';
import { ACCOUNT, EVENT_SOURCE, GIVEN, HOST_FILE, REGISTRY_KEY, SERVICE, UPGRADE_CODE, uuidOf } from './names.ts';

export interface SourceWanted {
  readonly version: string;
  /** The folder with the files, from where wixl is run, and the files in it, sorted. */
  readonly folder: string;
  readonly files: readonly string[];
  /** Where people find help, in Windows' list of programs. */
  readonly helpLink?: string;
}

/** Beside the source. */
export const ICON_FILE = 'agent.ico';

const EVENT_KEY = `SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\${EVENT_SOURCE}`;
const NEEDS_URL =
  'CONTROLPLANE_URL is missing or is not an https:// address. Say where agents enrol, for example: ' +
  'msiexec /i casare-agent.msi /qn CONTROLPLANE_URL=https://agents.example.com:8442 JOIN_TOKEN=...';
const ITS_OWN =
  'INSTALLDIR is a drive, or a folder of Windows. It will be closed to changes by others, so give a folder of its own, for example: ' +
  'INSTALLDIR=D:\\Casare\\Agent';
const NEWER = 'A newer version of Casare Agent is installed. Remove it first if you want this older one.';

/**
 * Where the folder of the program may not be: its access list is replaced. `dirEnd` is INSTALLDIR with a backslash behind it, so
 * with two where it was given with one. Each is a condition of its own: they have 255 characters at most.
 */
const NOT_ITS_OWN = [
  [':\\', ':\\\\', ':\\Users\\', ':\\Users\\\\'].map((end) => `dirEnd ~>> "${end}"`).join(' OR '),
  'dirEnd ~<< WindowsFolder OR dirEnd ~<< CommonAppDataFolder',
  ...['ProgramFiles64Folder', 'ProgramFilesFolder', 'CommonFiles64Folder', 'CommonFilesFolder'].map(
    (folder) => `dirEnd ~= ${folder} OR INSTALLDIR ~= ${folder}`,
  ),
];

/** The text of the `.wxs`. */
export function sourceOf({ version, folder, files, helpLink }: SourceWanted): string {
  const components = [...files.map(idOf), 'cRegistry', 'cEvents', 'cData', 'cPath', 'cKept'];
  return `<?xml version="1.0" encoding="utf-8"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
<Product Id="${uuidOf(`product/${version}`)}" Name="Casare Agent" Language="1033" Version="${version}" Manufacturer="Casare" UpgradeCode="${UPGRADE_CODE}">
<Package Id="*" InstallerVersion="500" Compressed="yes" InstallScope="perMachine" Description="Casare Agent ${version}"/>
<MajorUpgrade DowngradeErrorMessage="${NEWER}"/>
<Media Id="1" Cabinet="agent.cab" EmbedCab="yes"/>
<Property Id="SAVED_URL"><RegistrySearch Id="searchUrl" Root="HKLM" Key="${REGISTRY_KEY}" Name="ControlPlaneUrl" Type="raw" Win64="yes"/></Property>
<Property Id="SAVED_DIR"><RegistrySearch Id="searchDir" Root="HKLM" Key="${REGISTRY_KEY}" Name="InstallDir" Type="raw" Win64="yes"/></Property>
<Property Id="SERVICE_ACCOUNT" Value="${ACCOUNT}"/>
<Property Id="ARPNOMODIFY" Value="1"/>
<Icon Id="${ICON_FILE}" SourceFile="${ICON_FILE}"/>
<Property Id="ARPPRODUCTICON" Value="${ICON_FILE}"/>
${helpLink === undefined ? '' : `<Property Id="ARPHELPLINK" Value="${escaped(helpLink)}"/>`}
<CustomAction Id="keepUrl" Property="CONTROLPLANE_URL" Value="[SAVED_URL]"/>
<CustomAction Id="keepDir" Property="INSTALLDIR" Value="[SAVED_DIR]"/>
<Property Id="quote" Value="&quot;"/>
${GIVEN.map(unquoted).join('\n')}
<CustomAction Id="keepEnd" Property="dirEnd" Value="[INSTALLDIR]\\"/>
${NOT_ITS_OWN.map(elsewhere).join('\n')}
<Condition Message="${escaped(NEEDS_URL)}">Installed OR (CONTROLPLANE_URL ~&lt;&lt; "https://")</Condition>
<Directory Id="TARGETDIR" Name="SourceDir">
<Directory Id="ProgramFiles64Folder"><Directory Id="programCasare" Name="Casare"><Directory Id="INSTALLDIR" Name="Agent">
${treeOf(folder, files)}
<Component Id="cRegistry" Guid="${uuidOf('component/registry')}" Win64="yes"><RegistryKey Root="HKLM" Key="${REGISTRY_KEY}">
<RegistryValue Name="ControlPlaneUrl" Type="string" Value="[CONTROLPLANE_URL]" KeyPath="yes"/>
<RegistryValue Name="InstallDir" Type="string" Value="[INSTALLDIR]"/>
<RegistryValue Name="Version" Type="string" Value="${version}"/>
</RegistryKey></Component>
<Component Id="cEvents" Guid="${uuidOf('component/events')}" Win64="yes"><RegistryKey Root="HKLM" Key="${EVENT_KEY}">
<RegistryValue Name="EventMessageFile" Type="expandable" Value="[INSTALLDIR]${HOST_FILE}" KeyPath="yes"/>
<RegistryValue Name="TypesSupported" Type="integer" Value="7"/>
</RegistryKey></Component>
<Component Id="cPath" Guid="${uuidOf('component/path')}" Win64="yes"><CreateFolder/></Component>
<Directory Id="KEPT" Name="setup"><Component Id="cKept" Guid="${uuidOf('component/kept')}" Win64="yes"><CreateFolder/></Component></Directory>
</Directory></Directory></Directory>
<Directory Id="CommonAppDataFolder"><Directory Id="dataCasare" Name="Casare"><Directory Id="DATADIR" Name="Agent">
<Component Id="cData" Guid="${uuidOf('component/data')}" Win64="yes"><CreateFolder/></Component>
</Directory></Directory></Directory>
</Directory>
<Feature Id="Agent" Title="Casare Agent" Level="1">${components.map((id) => `<ComponentRef Id="${id}"/>`).join('')}</Feature>
</Product>
</Wix>
`;
}

/** Its value stands between quotes on a command line: a quote, or a backslash before ours, would make words of its own. */
function unquoted(property: string): string {
  const text = `${property} has a double quote in it, or ends with a backslash. Give it without.`;
  return `<Condition Message="${text}">${escaped(`NOT (${property} >< quote OR ${property} >> "\\")`)}</Condition>`;
}

/** Asked of an installation; an installed agent must be able to go. */
function elsewhere(condition: string): string {
  return `<Condition Message="${escaped(ITS_OWN)}">${escaped(`Installed OR NOT INSTALLDIR OR NOT (${condition})`)}</Condition>`;
}

/** The folders as they are, each with its files. */
function treeOf(folder: string, files: readonly string[], below = ''): string {
  const inside = files.filter((file) => file.startsWith(below));
  const own = inside.filter((file) => !file.slice(below.length).includes('/'));
  const folders = new Set(
    inside.map((file) => file.slice(below.length)).flatMap((rest) => (rest.includes('/') ? [rest.split('/')[0]!] : [])),
  );
  const nested = [...folders].map((name) => {
    const at = `${below}${name}/`;
    return `<Directory Id="d${short(at)}" Name="${escaped(name)}">${treeOf(folder, files, at)}</Directory>`;
  });
  return [...own.map((file) => componentOf(folder, file)), ...nested].join('\n');
}

function componentOf(folder: string, file: string): string {
  const [id, source] = [idOf(file), escaped(`${folder}/${file}`)];
  return (
    `<Component Id="${id}" Guid="${uuidOf(`component/${file}`)}" Win64="yes">` +
    `<File Id="${fileId(file)}" Name="${escaped(path.posix.basename(file))}" Source="${source}" KeyPath="yes"/>` +
    `${file === HOST_FILE ? serviceElements() : ''}</Component>`
  );
}

function serviceElements(): string {
  return (
    `<ServiceInstall Id="service" Name="${SERVICE}" DisplayName="Casare Agent" ` +
    `Description="Runs automation on this machine for Casare." Type="ownProcess" Start="auto" ErrorControl="normal" ` +
    `Account="[SERVICE_ACCOUNT]" Vital="yes"/>` +
    `<ServiceControl Id="control" Name="${SERVICE}" Start="install" Stop="both" Remove="uninstall" Wait="yes"/>`
  );
}

/** Of a file in the tables of the MSI. */
export function fileId(file: string): string {
  return `f${short(file)}`;
}

/** Of a file's component. */
export function idOf(file: string): string {
  return `c${short(file)}`;
}

function short(name: string): string {
  return uuidOf(`id/${name}`).replaceAll('-', '');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
