/** The bounds of artifact streams, with uploads whose disk the test holds in its hand. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { STREAM_CREDIT_BYTES, STREAMS_PER_TUNNEL } from '@casare/shared/protocol';
import type { Upload } from '../jobs/index.ts';
import { silentLog } from '../platform/log.ts';
import { ArtifactStreams } from './artifact-streams.ts';
import type { ServerMessage } from './wire.ts';

const BYTES = STREAM_CREDIT_BYTES * 3;

function streams(upload: Partial<Upload> = {}) {
  const sent: ServerMessage[] = [];
  const violations: string[] = [];
  const made = new ArtifactStreams({
    agent: { tenant: 'default', agentId: randomUUID() },
    artifacts: {
      open: () =>
        Promise.resolve({
          upload: {
            ...{ from: 0, bytes: BYTES },
            ...{ write: () => Promise.resolve(), finish: () => Promise.resolve({ stored: 'x' }) },
            ...{ abort: () => Promise.resolve(), ...upload },
          },
        }),
    },
    send: (message) => sent.push(message),
    violated: (why) => violations.push(why),
    log: silentLog,
  });
  return { made, sent, violations };
}

const open = (stream: number) => ({
  ...{ type: 'artifact.open' as const, stream, jobId: randomUUID(), attempt: 1, artifactId: randomUUID() },
  ...{ name: 'a', kind: 'log' as const, mediaType: 'text/plain', bytes: BYTES, sha256: '0'.repeat(64) },
});
const chunk = (offset: number, length: number) => ({ stream: 1, offset, payload: new Uint8Array(length) });

describe('artifact streams', () => {
  it('give no more credit than the disk keeps up with', async () => {
    const disk = Promise.withResolvers<void>();
    const { made, sent, violations } = streams({ write: () => disk.promise });
    made.open(open(1));
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    expect(sent[0]).toMatchObject({ type: 'artifact.credit', from: 0, upTo: STREAM_CREDIT_BYTES });
    made.chunk(chunk(0, STREAM_CREDIT_BYTES));
    expect(violations).toEqual([]);
    made.chunk(chunk(STREAM_CREDIT_BYTES, 1));
    expect(violations).toHaveLength(1);
    expect(sent).toHaveLength(1);
    disk.resolve();
    await vi.waitFor(() => expect(sent[1]).toMatchObject({ upTo: STREAM_CREDIT_BYTES * 2 }));
  });

  it('refuse the ninth at once and a file for which there is no room, and leave the others alone', async () => {
    const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });
    const { made, sent, violations } = streams({ write: () => Promise.reject(full) });
    for (let stream = 1; stream <= STREAMS_PER_TUNNEL + 1; stream++) made.open(open(stream));
    await vi.waitFor(() => expect(sent).toHaveLength(STREAMS_PER_TUNNEL + 1));
    expect(sent[0]).toMatchObject({ type: 'artifact.refused', stream: 9, code: 'TOO_MANY_STREAMS' });
    made.chunk(chunk(0, 10));
    await vi.waitFor(() =>
      expect(sent.at(-1)).toMatchObject({ type: 'artifact.refused', code: 'ARTIFACT_STORE_FULL' }),
    );
    expect(violations).toEqual([]);
    made.open(open(2));
    expect(violations).toEqual(['stream 2 is open already']);
  });

  it('put aside what they have when the session ends', async () => {
    const abort = vi.fn(() => Promise.resolve());
    const { made, sent } = streams({ abort });
    made.open(open(1));
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    await made.close();
    expect(abort).toHaveBeenCalledTimes(1);
  });
});
