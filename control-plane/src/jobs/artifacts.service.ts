/**
 * Artifacts: uploads from agents, downloads by people.
 *
 * Invariants: `artifact.stored` is answered only after the bytes are flushed, their hash is the announced one and the
 * row is committed; only the attempt that holds the lease registers a file; opening an artifact that is stored
 * already is answered at once. At the bound of one artifact's size the upload is refused, never truncated.
 */
import { ARTIFACT_BYTES, type AgentMessage } from '@casare/shared/protocol';
import type { Artifact } from '@casare/shared/api';
import { readLostName } from '@casare/shared/record';
import type { Readable } from 'node:stream';
import { appendLive, type LiveService } from '../live/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import { Fault } from '../platform/errors.ts';
import type { ObjectRange, SentAs } from '../platform/objects/objects.ts';
import type { ArtifactFiles, PartFile } from './artifact-files.ts';
import { timeOf } from '../platform/ids.ts';
import { refuse, type Refusal } from '../platform/refusal.ts';
import type { JobQuotas } from './quotas.port.ts';
import * as store from './artifact.store.ts';
import { holdLease } from './lease.store.ts';
import type { AgentRef } from './runs.service.ts';
import type { Writer } from './run.store.ts';

type ArtifactOpen = Extract<AgentMessage, { type: 'artifact.open' }>;

/** Why a file is not taken; final for this attempt. */
export interface ArtifactRefusal {
  readonly refused: { readonly code: string; readonly reason: string };
}

/** An upload under way. Calls must not overlap. */
export interface Upload {
  /** The first byte to send: what an interrupted upload left is kept. */
  readonly from: number;
  readonly bytes: number;
  /** Appends; throws a Fault when `offset` is not where the file ends or the announced size is exceeded. */
  write(offset: number, payload: Uint8Array): Promise<void>;
  finish(): Promise<{ stored: string } | ArtifactRefusal>;
  /** Stops; what was received stays for a later try. */
  abort(): Promise<void>;
}

/** An artifact on record, and its bytes. */
export interface FoundArtifact {
  readonly artifact: Artifact;
  /** Whether its bytes are to be had. */
  isThere(): Promise<boolean>;
  /** Its bytes, or a range of them; or why they are not to be had. Read to the end or destroyed. */
  read(range: ObjectRange | null): Promise<Readable | 'missing' | 'damaged'>;
  /** See `ArtifactFiles.addressOf`. */
  addressOf(as: SentAs): Promise<string | null>;
}

export interface ArtifactsDependencies {
  readonly db: Database;
  readonly files: ArtifactFiles;
  readonly live: LiveService;
  readonly clock: Clock;
  readonly quotas: Pick<JobQuotas, 'refusalOfFile'>;
}

/** A job that is younger has no file that is old enough for the sweep over files that nobody names. */
const YOUNG_MS = 43_200_000;
/** A note of a lost file, at most. */
const NOTE_BYTES = 4_096;

export class ArtifactsService {
  readonly #deps: ArtifactsDependencies;
  /** Uploads under way: one writer for each part file. */
  readonly #open = new Set<string>();

  constructor(dependencies: ArtifactsDependencies) {
    this.#deps = dependencies;
  }

  /** Begins or continues an upload. */
  async open(agent: AgentRef, asked: ArtifactOpen): Promise<{ stored: string } | ArtifactRefusal | { upload: Upload }> {
    const { db, files } = this.#deps;
    // Ids are compared with the database's, which are in lower case.
    const message = { ...asked, artifactId: asked.artifactId.toLowerCase(), jobId: asked.jobId.toLowerCase() };
    if (message.bytes > ARTIFACT_BYTES)
      return refusal('ARTIFACT_TOO_LARGE', `A file may have ${ARTIFACT_BYTES} bytes.`);
    const known = await store.findArtifact(db, agent.tenant, message.artifactId);
    if (known && known.jobId !== message.jobId) return refusal('ARTIFACT_TAKEN', 'This id is taken.');
    // One whose bytes are gone is taken again from whoever has them.
    if (known && (await files.has(agent.tenant, known.id))) return { stored: known.id };
    const lease = await holdLease(db, agent.tenant, message.jobId);
    if (lease?.attempt !== message.attempt || lease.agentId !== agent.agentId) return fenced(message.attempt);
    if (this.#open.has(message.artifactId)) return refusal('ARTIFACT_BUSY', 'This file is being sent already.');
    const full = isNote(message) ? null : await this.#deps.quotas.refusalOfFile(agent.tenant, message.bytes);
    if (full) return refusal(full.code, [full.title, full.detail, full.fix].filter(Boolean).join(' '));
    this.#open.add(message.artifactId);
    try {
      const part = await files.openPart(agent.tenant, message.artifactId, message.bytes);
      return { upload: this.#upload(agent, message, part) };
    } catch (error) {
      this.#open.delete(message.artifactId);
      throw error;
    }
  }

  /** One artifact and the way to its bytes. */
  async find(tenant: string, id: string): Promise<FoundArtifact | null> {
    const artifact = await store.findArtifact(this.#deps.db.of(tenant), tenant, id);
    return artifact && this.#found(tenant, artifact);
  }

  /** The same for who has a link; of a tenant that is not active there is none. */
  async findLinked(tenant: string, id: string): Promise<FoundArtifact | null> {
    const artifact = await store.findLinkedArtifact(this.#deps.db.of(tenant), tenant, id);
    return artifact && this.#found(tenant, artifact);
  }

  #found(tenant: string, artifact: Artifact): FoundArtifact {
    const { files } = this.#deps;
    return {
      artifact,
      isThere: () => files.has(tenant, artifact.id),
      addressOf: (as) => files.addressOf(tenant, artifact.id, as),
      read: async (range) => {
        const found = await files.read(tenant, artifact.id, range);
        if (found === null || found.bytes === artifact.bytes) return found?.content ?? 'missing';
        found.content.destroy();
        return 'damaged';
      },
    };
  }

  #upload(agent: AgentRef, message: ArtifactOpen, part: PartFile): Upload {
    const close = async (): Promise<void> => {
      if (this.#open.delete(message.artifactId)) await part.close();
    };
    return {
      from: part.size,
      bytes: message.bytes,
      async write(offset, payload) {
        if (offset !== part.size) throw wrongChunk(`offset ${offset} where ${part.size} was expected`);
        if (part.size + payload.byteLength > message.bytes) throw wrongChunk(`more than ${message.bytes} bytes`);
        await part.write(payload);
      },
      finish: async () => {
        try {
          if (part.size !== message.bytes)
            return refusal('ARTIFACT_INCOMPLETE', `${part.size} of ${message.bytes} bytes came.`);
          const sha256 = await part.seal();
          if (sha256 === message.sha256) return await this.#register({ ...agent, ...keyOf(message) }, message, part);
          await this.#deps.files.removeParts(agent.tenant, message.artifactId);
          return refusal('ARTIFACT_HASH', 'The bytes do not have the announced hash.');
        } finally {
          await close();
        }
      },
      abort: close,
    };
  }

  async #register(
    writer: Writer,
    message: ArtifactOpen,
    part: PartFile,
  ): Promise<{ stored: string } | ArtifactRefusal> {
    const { db, files, live, clock } = this.#deps;
    const { artifactId: id, name, kind, mediaType, bytes, sha256, position = null, jobId } = message;
    await files.publish(writer.tenant, id, part, sha256);
    const registered = await db.transaction(async (tx) => {
      const row = await store.register(tx, writer, { id, name, kind, mediaType, bytes, sha256, position });
      if (row === 'removing') return row;
      const event = {
        type: 'artifact.stored' as const,
        at: clock.now().toISOString(),
        jobId,
        artifactId: id,
        name,
        bytes,
      };
      if (row) await appendLive(tx, [{ tenant: writer.tenant, event }]);
      return row;
    });
    if (registered === 'removing') return busy();
    if (!registered) {
      // A session that was cut off may come late with what a newer one has registered: those bytes stay.
      if ((await store.findArtifact(db, writer.tenant, id)) === null) await files.remove(writer.tenant, id);
      return fenced(writer.attempt);
    }
    if (registered.replaced) await files.remove(writer.tenant, registered.replaced);
    // An earlier try may have put it long ago, and a sweep have taken it for nobody's just before the row came.
    const isOld = clock.now().getTime() - timeOf(jobId) > YOUNG_MS;
    if (isOld && !(await files.has(writer.tenant, id))) return busy();
    live.wake();
    return { stored: id };
  }
}

/** Also of one that another tenant has. */
export function artifactNotFound(id: string): Refusal {
  return refuse('not_found', 'ARTIFACT_NOT_FOUND', `There is no artifact ${id}.`);
}

/** The small file that stands where another one is missing: it comes also when the quota is used up, or nobody would know. */
function isNote({ name, kind, bytes }: ArtifactOpen): boolean {
  return kind !== 'output' && bytes <= NOTE_BYTES && readLostName(name) !== null;
}

function keyOf({ jobId, attempt }: ArtifactOpen): { jobId: string; attempt: number } {
  return { jobId, attempt };
}

function refusal(code: string, reason: string): ArtifactRefusal {
  return { refused: { code, reason } };
}

/** A passing one: the agent sends it again. */
function busy(): ArtifactRefusal {
  return refusal('ARTIFACT_BUSY', 'An earlier copy of this file is being taken away: send it again.');
}

function fenced(attempt: number): ArtifactRefusal {
  return refusal('FENCED', `Attempt ${attempt} of this job no longer holds its lease.`);
}

function wrongChunk(why: string): Fault {
  return new Fault({ code: 'ARTIFACT_CHUNK', what: 'A file arrived out of order', why });
}
