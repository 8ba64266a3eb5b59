/** What leaves, and when: only what is on the disk. */
import { expect, test } from 'vitest';
import type { AgentMessage, RunEvent } from '@casare/shared/protocol';
import type { RunKey } from '../outbox/index.ts';
import { EventSender } from './event-sender.ts';

const ONE: RunKey = { jobId: '0196a7a0-0000-7000-8000-000000000001', attempt: 1 };
const TWO: RunKey = { jobId: '0196a7a0-0000-7000-8000-000000000002', attempt: 1 };

function scene() {
  const events = new Map<string, RunEvent[]>();
  const of = ({ jobId }: RunKey): RunEvent[] => events.get(jobId) ?? [];
  const disk: PromiseWithResolvers<void>[] = [];
  const sent: string[] = [];
  const faults: string[] = [];
  const source = {
    sendable: (key: RunKey, after: number) => of(key).filter(({ seq }) => seq > after),
    lastSeq: (key: RunKey) => of(key).length,
    flush: () => {
      const flush = Promise.withResolvers<void>();
      disk.push(flush);
      return flush.promise;
    },
  };
  const send = (message: AgentMessage): void => {
    if (message.type !== 'run.events') return;
    sent.push(`${message.jobId.at(-1)}: ${message.events.map(({ seq }) => seq).join(' ')}`);
  };
  const link = { send, sendFrame: () => undefined, buffered: () => 0 };
  const sender = new EventSender(source, link, (error) => faults.push((error as Error).message));
  const write = (key: RunKey): void => {
    const list = of(key);
    const event: RunEvent = {
      seq: list.length + 1,
      at: new Date(0).toISOString(),
      body: { type: 'run.started', resumed: false },
    };
    events.set(key.jobId, [...list, event]);
    sender.add(key, 0);
    sender.pump();
  };
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return { sender, write, disk, sent, faults, turn };
}

test('an event leaves when it is on the disk, and one that was written meanwhile by the next flush', async () => {
  const { write, disk, sent, turn } = scene();
  write(ONE);
  write(ONE);
  expect(disk.length).toBe(1);
  expect(sent).toEqual([]);
  disk[0]?.resolve();
  await turn();
  expect(sent).toEqual(['1: 1']);
  expect(disk.length).toBe(2);
  disk[1]?.resolve();
  await turn();
  expect(sent).toEqual(['1: 1', '1: 2']);
  expect(disk.length).toBe(2);
});

test('one flush is for all runs', async () => {
  const { sender, write, disk, sent, turn } = scene();
  write(ONE);
  write(TWO);
  write(TWO);
  disk[0]?.resolve();
  await turn();
  disk[1]?.resolve();
  await turn();
  sender.pump();
  expect(sent).toEqual(['1: 1', '2: 1 2']);
  expect(disk.length).toBe(2);
});

test('what does not get to the disk does not leave, and the session hears of it', async () => {
  const { write, disk, sent, faults, turn } = scene();
  write(ONE);
  disk[0]?.reject(new Error('EIO'));
  await turn();
  write(ONE);
  await turn();
  expect(sent).toEqual([]);
  expect(faults).toEqual(['EIO']);
});
