/**
 * `casare-agent-<version>-x64.msi`: the agent's files, the service host and the command, in one package
 * for Windows' installer. The same sources give the same bytes, but for the time in a signature.
 */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { makeAgent } from '../bundle/agent.ts';
import { settle } from '../bundle/settle.ts';
import { filesBelow } from '../bundle/package-files.ts';
import { TARGETS } from '../bundle/target.ts';
import { BuildFault } from '../fault.ts';
import { COMMAND } from './command.ts';
import { buildHost } from './host/build.ts';
import { icon } from './icon.ts';
import { HOST_FILE, uuidOf } from './names.ts';
import { sign, type Signer } from './sign.ts';
import { ICON_FILE, sourceOf } from './source.ts';
import { writeSummary } from './summary.ts';
import { statements } from './tables.ts';
import { useTool } from './tools.ts';

export interface MsiWanted {
  /** The checkout, installed and built. */
  readonly root: string;
  /** Where the MSI goes. */
  readonly out: string;
  readonly at: Date;
  readonly signer?: Signer;
  /** Another version than the agent's own: for tests of upgrades. */
  readonly version?: string;
  /** Where Windows' list of programs sends those who need help. */
  readonly helpLink?: string;
}

/** Where the files are put together. */
const AGENT = 'agent';

/** Builds it; resolves with its path. */
export async function buildMsi(wanted: MsiWanted): Promise<string> {
  await mkdir(wanted.out, { recursive: true });
  const work = await mkdtemp(path.join(wanted.out, '.msi-'));
  try {
    const folder = path.join(work, AGENT);
    const version = await fill(wanted, folder);
    const name = `casare-agent-${version}-x64.msi`;
    const files = await filesBelow(folder);
    const source = path.join(work, 'agent.wxs');
    const built = path.join(work, name);
    const link = wanted.helpLink === undefined ? {} : { helpLink: wanted.helpLink };
    const text = sourceOf({ version, folder: AGENT, files, ...link });
    await writeFile(source, text);
    const picture = icon();
    await writeFile(path.join(work, ICON_FILE), picture);
    const clock = { SOURCE_DATE_EPOCH: String(wanted.at.getTime() / 1_000), TZ: 'UTC' };
    await useTool(wanted.root, 'wixl', ['-a', 'x64', '-o', built, source], { cwd: work, env: clock });
    const added = statements(await sequenceOf(wanted.root, built));
    for (const statement of added) await useTool(wanted.root, 'msibuild', [built, '-q', statement], { env: clock });
    const bytes = await readFile(built);
    const code = uuidOf(`package/${await digestOf(folder, files, [text, picture.toString('base64'), ...added])}`);
    writeSummary(bytes, { code, at: wanted.at });
    await writeFile(built, bytes);
    if (wanted.signer) await sign(wanted.root, built, wanted.signer);
    const placed = path.join(wanted.out, name);
    await rename(built, placed);
    return placed;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function fill({ root, at, signer, version }: MsiWanted, folder: string): Promise<string> {
  const target = TARGETS['win-x64'];
  const made = await makeAgent({ root, target, out: folder, at });
  const wanted = version ?? made.version;
  const host = await buildHost(root, folder, wanted);
  if (path.basename(host) !== HOST_FILE) throw new BuildFault('HOST_RENAMED', `${host} is not ${HOST_FILE}`);
  if (signer) await sign(root, host, signer);
  await writeFile(path.join(folder, 'casare-agent.cmd'), COMMAND);
  await settle(folder, at, (file) => file === target.node.as);
  return wanted;
}

/** The numbers of all actions, as wixl has put them. */
async function sequenceOf(root: string, msi: string): Promise<Readonly<Record<string, number>>> {
  const table = await useTool(root, 'msiinfo', ['export', msi, 'InstallExecuteSequence']);
  const rows = table.split(/\r?\n/).map((line) => line.split('\t'));
  return Object.fromEntries(rows.map(([action, , number]) => [action ?? '', Number(number)] as const));
}

/** Of all that is in the package. */
async function digestOf(folder: string, files: readonly string[], texts: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${text}\0`);
  for (const file of files) hash.update(`${file}\0`).update(await readFile(path.join(folder, file)));
  return hash.digest('hex');
}
