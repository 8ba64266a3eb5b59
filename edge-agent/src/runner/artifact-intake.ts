/**
 * Takes a run's files into the spool: copied and hashed in one pass, so that later steps may change or delete the
 * original. The id is made of what the file is, so that a repeated report is the same artifact.
 *
 * Invariant: the spool holds the bytes of waiting artifacts, and while one is taken its copy; what a killed agent left
 * beside them is removed at the next start.
 *
 * At the bound (`maxSpoolBytes`, or a disk almost full) waiting evidence is dropped, oldest first, each file with a note in its
 * place; new evidence is refused; declared outputs are refused only when the disk has no room at all.
 */
import { createHash, randomUUID } from 'node:crypto';
import { constants, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, mkdir, open, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { ARTIFACT_BYTES, type ArtifactKind } from '@casare/shared/protocol';
import { lostName, readLostName } from '@casare/shared/record';
import type { Clock } from '../clock.ts';
import { codeOf, Fault } from '../fault.ts';
import { isOpenedAt } from '../opened-at.ts';
import type { ArtifactRow, Outbox, RunKey } from '../outbox/index.ts';
import type { Leaving } from '../policy/index.ts';

const COPY_BYTES = 262_144;
/** Of a name that gets an ending, characters: an artifact's name has 500. */
const NAME_LENGTH = 480;

export interface IntakeOptions {
  readonly outbox: Outbox;
  readonly spool: string;
  readonly clock: Clock;
  /** Free bytes on the disk of the agent home. */
  readonly freeBytes: () => number;
  /** Free bytes that must stay. */
  readonly minFreeBytes: number;
  /** Bytes of waiting files above which evidence is dropped. */
  readonly maxSpoolBytes: number;
  /** Where workers are other users: true for one of theirs. Files of anybody else are not taken. */
  readonly isWorkers?: (uid: number) => boolean;
}

/** A file as a worker reports it. */
export interface ReportedFile {
  readonly name: string;
  readonly kind: ArtifactKind;
  readonly mediaType: string;
  readonly path: string;
  readonly position?: string | undefined;
  readonly masked?: boolean | undefined;
}

export class ArtifactIntake {
  readonly #options: IntakeOptions;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  pathOf(artifactId: string): string {
    return join(this.#options.spool, artifactId);
  }

  /** Before anything is taken: removes what no waiting artifact names. */
  sweep(): void {
    const { outbox, spool } = this.#options;
    try {
      for (const name of readdirSync(spool)) {
        if (outbox.artifact(name)?.state !== 'queued') rmSync(join(spool, name), { force: true });
      }
    } catch {
      // no spool yet, or a file that somebody holds: nothing depends on its removal
    }
  }

  /**
   * Takes a file of the run's folder, or what may leave in its place; the id it has in either case.
   * Throws a Fault: FILE_REFUSED, FILE_TOO_LARGE, DISK_FULL, EVIDENCE_DROPPED.
   */
  async keep(key: RunKey, runFolder: string, file: ReportedFile, leaving: Leaving = 'whole'): Promise<string> {
    const source = await openInside(runFolder, file.path, this.#options.isWorkers);
    try {
      if (leaving !== 'whole') return await this.#withhold(key, source, file, leaving);
      const { size } = await source.stat();
      if (size > ARTIFACT_BYTES)
        throw new Fault('FILE_TOO_LARGE', `${file.name} has more than ${ARTIFACT_BYTES} bytes`);
      await this.#makeRoom(size, file);
      const part = this.pathOf(`${randomUUID()}.part`);
      const { sha256, bytes } = await this.#copy(source, part);
      const artifactId = artifactIdOf(key, file.name, sha256);
      await rename(part, this.pathOf(artifactId));
      const row = { ...key, artifactId, name: file.name, kind: file.kind, mediaType: file.mediaType, sha256, bytes };
      this.#queue({ ...row, position: file.position ?? null });
      return artifactId;
    } finally {
      await source.close();
    }
  }

  /** The policy holds the file back: nothing of it leaves, or a note that says what it is. */
  async #withhold(key: RunKey, source: FileHandle, file: ReportedFile, leaving: Leaving): Promise<string> {
    const { sha256, bytes } = await hashOf(source);
    const id = artifactIdOf(key, file.name, sha256);
    if (leaving === 'nothing') return id;
    const { name, kind, mediaType, position = null } = file;
    const note = `${JSON.stringify({ withheld: { name, kind, mediaType, bytes, sha256 } })}\n`;
    await this.#makeRoom(note.length, file);
    return this.#putNote(key, note, { name: `${name.slice(0, NAME_LENGTH)}.withheld.json`, kind, position });
  }

  /** Removes the bytes of a settled artifact; what cannot be removed now is swept at the next start. */
  async forget(artifactId: string): Promise<void> {
    await rm(this.pathOf(artifactId), { force: true }).catch(() => undefined);
  }

  /**
   * Evidence that was taken will not arrive: a note of some bytes goes in its place, so that the run's record tells. Is done when
   * it returns: the run's ending may leave at once.
   */
  noteLost(row: ArtifactRow, code: string): void {
    if (row.kind === 'output' || readLostName(row.name) !== null) return;
    const { jobId, attempt, name, kind, mediaType, bytes, sha256, position } = row;
    const note = `${JSON.stringify({ lost: { name, kind, mediaType, bytes, sha256, code } })}\n`;
    try {
      this.#putNote({ jobId, attempt }, note, { name: lostName(name, code), kind, position });
    } catch {
      // The disk or the outbox is full, or the run is gone: the agent's log has said that the file was lost.
    }
  }

  /** A small file of ours in the place of one of the run's. */
  #putNote(key: RunKey, note: string, about: Pick<ArtifactRow, 'name' | 'kind' | 'position'>): string {
    const sha256 = createHash('sha256').update(note).digest('hex');
    const artifactId = artifactIdOf(key, about.name, sha256);
    mkdirSync(this.#options.spool, { recursive: true, mode: 0o700 });
    writeFileSync(this.pathOf(artifactId), note, { mode: 0o600, flush: true });
    const row = { ...key, ...about, artifactId, mediaType: 'application/json', sha256, bytes: Buffer.byteLength(note) };
    this.#queue(row);
    return artifactId;
  }

  /** The run may have been dropped meanwhile, or the same file have been stored before: then nothing waits. */
  #queue(row: Parameters<Outbox['queueArtifact']>[0]): void {
    const { outbox, clock } = this.#options;
    try {
      outbox.queueArtifact(row, new Date(clock.now().wall));
    } finally {
      if (outbox.artifact(row.artifactId)?.state !== 'queued') rmSync(this.pathOf(row.artifactId), { force: true });
    }
  }

  async #makeRoom(bytes: number, file: ReportedFile): Promise<void> {
    const { outbox } = this.#options;
    for (const evidence of outbox.droppableEvidence()) {
      if (this.#hasRoom(bytes)) return;
      if (!outbox.settleArtifact(evidence.artifactId, 'refused', 'EVIDENCE_DROPPED')) continue;
      await this.forget(evidence.artifactId);
      this.noteLost(evidence, 'EVIDENCE_DROPPED');
    }
    if (this.#hasRoom(bytes)) return;
    if (file.kind !== 'output') {
      throw new Fault('EVIDENCE_DROPPED', `no room for the evidence ${file.name}: free space in the agent home`);
    }
    if (this.#options.freeBytes() - bytes < this.#options.minFreeBytes) throw diskFull(file.name);
  }

  #hasRoom(bytes: number): boolean {
    const { outbox, freeBytes, minFreeBytes, maxSpoolBytes } = this.#options;
    return freeBytes() - bytes >= minFreeBytes && outbox.waitingArtifactBytes() + bytes <= maxSpoolBytes;
  }

  async #copy(source: FileHandle, to: string): Promise<{ sha256: string; bytes: number }> {
    await mkdir(this.#options.spool, { recursive: true, mode: 0o700 });
    const target = await open(to, 'w', 0o600);
    const hash = createHash('sha256');
    const buffer = new Uint8Array(COPY_BYTES);
    let bytes = 0;
    try {
      for (;;) {
        const { bytesRead } = await source.read(buffer, 0, COPY_BYTES, bytes);
        if (bytesRead === 0) break;
        const chunk = buffer.subarray(0, bytesRead);
        hash.update(chunk);
        await target.writeFile(chunk);
        bytes += bytesRead;
        if (bytes > ARTIFACT_BYTES) throw new Fault('FILE_TOO_LARGE', `the file grew above ${ARTIFACT_BYTES} bytes`);
      }
      await target.sync();
    } catch (error) {
      await rm(to, { force: true });
      throw codeOf(error) === 'ENOSPC' ? diskFull(basename(to)) : error;
    } finally {
      await target.close();
    }
    return { sha256: hash.digest('hex'), bytes };
  }
}

async function hashOf(source: FileHandle): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  const buffer = new Uint8Array(COPY_BYTES);
  for (let bytes = 0; ;) {
    const { bytesRead } = await source.read(buffer, 0, COPY_BYTES, bytes);
    if (bytesRead === 0) return { sha256: hash.digest('hex'), bytes };
    hash.update(buffer.subarray(0, bytesRead));
    bytes += bytesRead;
    if (bytes > ARTIFACT_BYTES) throw new Fault('FILE_TOO_LARGE', `the file grew above ${ARTIFACT_BYTES} bytes`);
  }
}

/** The id of a file of an attempt: the same for the same content under the same name (UUID version 8, RFC 9562). */
export function artifactIdOf(key: RunKey, name: string, sha256: string): ArtifactRow['artifactId'] {
  const bytes = createHash('sha256')
    .update(`casare-artifact\0${key.jobId}\0${key.attempt}\0${name}\0${sha256}`)
    .digest();
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

/**
 * Opens a regular file inside the folder; links, in the path or at its end, do not lead out. Whoever works in the folder may
 * put others in the place of what was looked at, at any moment: what is open is judged once more.
 */
async function openInside(
  folder: string,
  path: string,
  isWorkers: (uid: number) => boolean = () => true,
): Promise<FileHandle> {
  const refuse = (why: string): Fault => new Fault('FILE_REFUSED', `${basename(path)} was not taken: ${why}`);
  const root = await realpath(folder);
  const parent = await realpath(dirname(path)).catch(() => null);
  if (parent === null) throw refuse('it does not exist');
  if (parent !== root && !parent.startsWith(root + sep)) throw refuse('it is outside the run folder');
  const real = join(parent, basename(path));
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(real, flags).catch((error: unknown) => {
    throw refuse(codeOf(error) === 'ENOENT' ? 'it does not exist' : `it cannot be read (${codeOf(error)})`);
  });
  const why = await problemOf(file, real, isWorkers);
  if (why === null) return file;
  await file.close();
  throw refuse(why);
}

async function problemOf(file: FileHandle, path: string, isWorkers: (uid: number) => boolean): Promise<string | null> {
  const stats = await file.stat();
  if (!stats.isFile()) return 'it is not a regular file';
  if (!isWorkers(stats.uid)) return `it belongs to uid ${stats.uid}, which is no worker`;
  return (await isOpenedAt(file, path)) ? null : 'something else was put in its place';
}

function diskFull(name: string): Fault {
  return new Fault('DISK_FULL', `no room for ${name}: free space on the disk of the agent home`);
}
