/**
 * Offline roots as a directory on a machine without a server, such as a stick in a safe:
 * `server-root.pem`, `server-root.key`, `agent-root.pem`, `agent-root.key`. Keys are encrypted, and 0600; the directory is
 * 0700. Nothing that is there is ever overwritten.
 */
import { constants } from 'node:fs';
import { mkdir, open, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { createOfflineRoot, type RootFiles } from './ceremony.ts';
import type { PassphraseCode } from './encrypted-key.ts';
import { accept, refuse, type Result } from './result.ts';
import type { RootKind } from './root.ts';

export interface RootDirectoryOptions {
  directory: string;
  kinds: readonly RootKind[];
  passphrase: string;
  now: Date;
  lifetimeDays?: number | undefined;
}

export type RootDirectoryCode = PassphraseCode | 'ROOT_EXISTS' | 'FILE_UNREADABLE';

const MAX_FILE_BYTES = 20_000;

/** Makes the roots of `kinds`; answers their certificates, PEM. */
export async function makeRootDirectory(
  options: RootDirectoryOptions,
): Promise<Result<{ kind: RootKind; certificate: string }[], RootDirectoryCode>> {
  const { directory, kinds, ...how } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const files = kinds.map((kind) => filesOf(directory, kind));
  for (const file of files.flatMap(({ key, certificate }) => [key, certificate])) {
    if (await exists(file)) return refuse('ROOT_EXISTS', `${file} is there already: choose another directory`);
  }
  const made: { kind: RootKind; certificate: string }[] = [];
  for (const kind of kinds) {
    const root = await createOfflineRoot({ kind, ...how });
    if (!root.ok) return root;
    await writeRootFiles(directory, kind, root.value);
    made.push({ kind, certificate: root.value.certificate });
  }
  return accept(made);
}

/** Writes an exported root; the key first, so that a certificate is never there without it. Throws when a file exists. */
export async function writeRootFiles(directory: string, kind: RootKind, root: RootFiles): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { key, certificate } = filesOf(directory, kind);
  await writeNew(key, root.key);
  await writeNew(certificate, root.certificate);
}

/** Reads what the other two wrote. */
export async function readRootFiles(directory: string, kind: RootKind): Promise<Result<RootFiles, 'FILE_UNREADABLE'>> {
  const { key, certificate } = filesOf(directory, kind);
  try {
    return accept({ key: await readSmall(key), certificate: await readSmall(certificate) });
  } catch (error) {
    return refuse('FILE_UNREADABLE', `the ${kind} root in ${directory} cannot be read (${(error as Error).message})`);
  }
}

function filesOf(directory: string, kind: RootKind): RootFiles {
  return { key: path.join(directory, `${kind}-root.key`), certificate: path.join(directory, `${kind}-root.pem`) };
}

async function writeNew(file: string, content: string): Promise<void> {
  const handle = await open(file, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readSmall(file: string): Promise<string> {
  const { size } = await stat(file);
  if (size > MAX_FILE_BYTES) throw new Error(`${file} has more than ${MAX_FILE_BYTES} bytes`);
  return readFile(file, 'utf8');
}

function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
