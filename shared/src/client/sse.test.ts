import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ApiError } from './client.ts';
import { followEvents, MessageParser, type FollowItem } from './sse.ts';

describe('the format', () => {
  const text =
    ': hello\nid: 1\ndata: {"a":\ndata: 1}\n\nretry: 5\r\n\r\nid: 2\r\ndata:x\r\n\r\nevent: y\rdata: z\r\rdata: open';
  const expected = [
    { id: '1', data: '{"a":\n1}' },
    { id: '2', data: 'x' },
    { id: '2', data: 'z' },
  ];

  test('is read the same wherever the pieces end', () => {
    for (let size = 1; size <= text.length; size++) {
      const parser = new MessageParser();
      const read: unknown[] = [];
      for (let at = 0; at < text.length; at += size) read.push(...parser.push(text.slice(at, at + size)));
      expect(read, `pieces of ${size}`).toEqual(expected);
    }
  });

  test('an event without end is refused', () => {
    const parser = new MessageParser();
    expect(() => {
      for (let i = 0; i < 10; i++) Array.from(parser.push(`data: ${'x'.repeat(1_048_576)}\n`));
    }).toThrow('too large');
  });
});

describe('following', () => {
  const agent = (name: string) => ({
    type: 'agent.changed',
    at: '2026-01-01T00:00:00.000Z',
    agentId: '0198a7c0-0000-7000-8000-000000000000',
    name,
    state: 'active',
    connected: true,
  });
  const line = (id: string, name: string) => `id: ${id}\ndata: ${JSON.stringify(agent(name))}\n\n`;
  const stream = (body: string) => new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  const refusal = (status: number) =>
    new Response(JSON.stringify({ type: 't', title: 'No.', status, code: 'NO' }), {
      status,
      headers: { 'content-type': 'application/problem+json' },
    });

  let answers: (Response | Error)[];
  let asked: (string | null)[];
  let stop: AbortController;
  beforeEach(() => {
    asked = [];
    stop = new AbortController();
  });
  afterEach(() => stop.abort());

  async function follow(): Promise<FollowItem[]> {
    const items: FollowItem[] = [];
    const answer: typeof fetch = async (_, init) => {
      asked.push(new Headers(init?.headers).get('last-event-id'));
      const next = answers.shift();
      if (next === undefined) stop.abort();
      if (next instanceof Error || next === undefined) throw next ?? new Error('stopped');
      return next;
    };
    const options = { url: 'http://x', fetch: answer, signal: stop.signal, random: () => 0 };
    for await (const item of followEvents(options)) items.push(item);
    return items;
  }

  test('a break, a failed connection and a server that starts are survived, and resumed where it was', async () => {
    answers = [stream(line('1', 'a') + line('2', 'b')), new TypeError('refused'), refusal(503), stream(line('3', 'c'))];
    const items = await follow();
    expect(asked).toEqual([null, '2', '2', '2', '3']);
    expect(items.map((item) => (item.type === 'open' ? item.resumed : item.id))).toEqual([false, '1', '2', true, '3']);
  });

  test('events of a newer server are passed over, their place is kept', async () => {
    answers = [stream(`id: 7\ndata: {"type":"news"}\n\n`)];
    expect(await follow()).toEqual([{ type: 'open', resumed: false }]);
    expect(asked).toEqual([null, '7']);
  });

  test('a refusal that repeating cannot mend ends it', async () => {
    answers = [refusal(401)];
    await expect(follow()).rejects.toBeInstanceOf(ApiError);
  });
});
