/** The agent's side of a desktop host, over hosts of its own: deadlines, ends, and answers that are none. */
import { expect, test, vi } from 'vitest';
import type { Channel } from './calls.ts';
import { RemoteDesktop } from './remote.ts';

/** A host that answers by a function; undefined is no answer. */
class ScriptedHost implements Channel {
  ended = false;
  readonly #answer: (call: string) => unknown;
  #listener: (message: unknown) => void = () => undefined;
  #onClose: () => void = () => undefined;

  constructor(answer: (call: string) => unknown) {
    this.#answer = answer;
  }

  send(message: unknown): void {
    const { id, call } = message as { id: number; call: string };
    const answer = this.#answer(call);
    if (answer !== undefined) queueMicrotask(() => this.#listener({ id, ...(answer as object) }));
  }

  /** Later than it was asked. */
  say(message: unknown): void {
    this.#listener(message);
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#listener = listener;
  }

  onClose(listener: () => void): void {
    this.#onClose = listener;
  }

  end(): void {
    this.ended = true;
    this.close();
  }

  close(): void {
    queueMicrotask(() => this.#onClose());
  }
}

/** Of a call, and on top of it while a host starts. */
const DEADLINES = [20, 0] as const;

test('a host that starts slowly has more time, and no more once it has answered', async () => {
  vi.useFakeTimers();
  try {
    const host = new ScriptedHost(() => undefined);
    const remote = new RemoteDesktop(() => host, 20, 1_000);
    const first = remote.call('again', '42.1');
    await vi.advanceTimersByTimeAsync(900);
    host.say({ id: 1, result: null });
    expect(await first).toBeNull();
    const second = remote.call('again', '42.1');
    const refused = expect(second).rejects.toMatchObject({ code: 'APPLICATION_NOT_ANSWERING' });
    await vi.advanceTimersByTimeAsync(21);
    await refused;
  } finally {
    vi.useRealTimers();
  }
});

test('a call gets its own answer', async () => {
  const host = new ScriptedHost((call) => ({ result: call === 'text' ? 'Größe 42 Ж' : true }));
  const remote = new RemoteDesktop(() => host);
  expect(await Promise.all([remote.call('text', '42.1'), remote.call('focus', '42.1')])).toEqual(['Größe 42 Ж', true]);
});

test('a host that does not answer in time is ended, and the next call has another', async () => {
  const hosts: ScriptedHost[] = [];
  const remote = new RemoteDesktop(
    () => {
      const isFirst = hosts.length === 0;
      const host = new ScriptedHost((call) => (isFirst && call === 'invoke' ? undefined : { result: null }));
      hosts.push(host);
      return host;
    },
    ...DEADLINES,
  );
  await expect(remote.call('invoke', '42.1')).rejects.toMatchObject({ code: 'APPLICATION_NOT_ANSWERING' });
  expect(hosts[0]!.ended).toBe(true);
  expect(await remote.call('again', '42.1')).toBeNull();
  expect(hosts).toHaveLength(2);
});

test('faults keep their code; what is no answer ends the host', async () => {
  const answers: unknown[] = [{ fault: { code: 'ELEMENT_GONE', message: 'it ended' } }, { result: { x: 'no number' } }];
  const remote = new RemoteDesktop(() => new ScriptedHost(() => answers.shift()));
  await expect(remote.call('bounds', '42.1')).rejects.toMatchObject({ code: 'ELEMENT_GONE', message: 'it ended' });
  await expect(remote.call('bounds', '42.1')).rejects.toMatchObject({ code: 'DESKTOP_GONE' });
});

test('hosts that end one after the other are the end of the desktop', async () => {
  const remote = new RemoteDesktop(() => {
    const host = new ScriptedHost(() => {
      host.close();
      return undefined;
    });
    return host;
  });
  for (let time = 0; time < 3; time += 1) {
    await expect(remote.call('windows')).rejects.toMatchObject({ code: 'APPLICATION_NOT_ANSWERING' });
  }
  await expect(remote.gone).rejects.toMatchObject({ code: 'DESKTOP_GONE' });
  await expect(remote.call('windows')).rejects.toMatchObject({ code: 'DESKTOP_GONE' });
});

test('a closed session answers nobody', async () => {
  const host = new ScriptedHost(() => undefined);
  const remote = new RemoteDesktop(() => host);
  const waiting = remote.call('windows');
  remote.close();
  await expect(waiting).rejects.toMatchObject({ code: 'DESKTOP_GONE' });
  expect(host.ended).toBe(true);
});
