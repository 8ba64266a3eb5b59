/**
 * Attacks 38 and 50: secrets of a run that get into everything a step can touch. One run on a real agent (worker process,
 * outbox, tunnel, browser) types them into a page that echoes, logs, stores and sends them, calls servers with them, writes them
 * into files, uses them as arguments, and lets steps fail over them; then every byte that the run left or sent is searched,
 * archives unpacked, in every encoding.
 */
import { createServer, type Server } from 'node:http';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { JobAssign, RunEvent } from '@casare/shared/protocol';
import { validateWorkflow } from '@casare/shared/workflow';
import { unzipSync } from 'fflate';
import { parse } from 'yaml';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import { createTestPki } from '../../edge-agent/src/identity/pki-for-tests.ts';
import { assignment } from '../../edge-agent/src/outbox/outbox-for-tests.ts';
import { startTestAgent, type TestAgent } from '../../edge-agent/src/runner/test-agent-for-tests.ts';
import { ProtocolPeer } from '../../edge-agent/src/tunnel/protocol-peer-for-tests.ts';
import { attack } from './attack.ts';

/** One of plain letters, one of everything that encodings treat in their own way. */
const SECRETS = { plain: 'canary4711plain', odd: 'p&ss "w0rd" <cheese>/77+%' };
const BROWSER = 'edge-agent/src/steps/browser';
const WORKER = new URL('../../edge-agent/src/runner/worker.ts', import.meta.url);

const SIGN_IN = `<!doctype html><title>Sign in</title><form method="post" action="/welcome"><label>Key <input name="key"></label>
  <label>Odd <input name="odd"></label><button>Send</button></form><p></p><script>
  for (const field of document.querySelectorAll('input')) field.oninput = () => {
    document.querySelector('p').textContent += field.value; document.title = field.value;
    console.log('typed', field.value, JSON.stringify({ field: field.value }));
    localStorage.setItem(field.name, field.value);
    fetch('/api?key=' + encodeURIComponent(field.value), { method: 'POST', body: field.value, headers: { 'x-key': btoa(field.value) } });
    setTimeout(() => { throw new Error('cannot take ' + field.value); });
  };</script>`;
const WELCOME = `<!doctype html><title>Welcome</title><h1>Welcome</h1><button>Work</button><script src="/app.js"></script>`;
/** Holds the secrets where no look at the page finds them, and lets them out in every way. */
const APP = `document.querySelector('button').onclick = async () => {
  for (const name of ['key', 'odd']) {
    const value = localStorage.getItem(name);
    console.log('working with ' + value, btoa(value), encodeURIComponent(value), JSON.stringify({ value }));
    console.error(new Error('still ' + value));
    await fetch('/api?raw=' + value + '&coded=' + encodeURIComponent(value) + '&base=' + btoa('x' + value), { headers: { 'x-key': value } });
    setTimeout(() => { throw new Error('failed over ' + value); });
  }
  document.title = 'done';
};`;

const DOCUMENT = `
document:
  dsl: 1.0.3
  namespace: test
  name: canaries
  version: 1.0.0
  metadata: { rpa: { onRestart: rerun, record: { screenshots: always, trace: always, network: always, console: always, accessibility: always } } }
use: { secrets: [plain, odd] }
input: { from: '\${ { url: .url, key: $secrets.plain, odd: $secrets.odd } }' }
do:
  - keep: { set: { key: '\${ .key }', odd: '\${ .odd }', url: '\${ .url }' }, export: { as: '\${ . }' } }
  - tell: { call: log, with: { message: '\${ "the key is \\($context.key), the other \\($context.odd)" }' } }
  - open: { call: browser.open, with: { url: '\${ $context.url }' } }
  - key: { call: browser.fill, with: { target: 'textbox "Key"', value: '\${ $context.key }' } }
  - odd: { call: browser.fill, with: { target: 'textbox "Odd"', value: '\${ $context.odd }' } }
  - echoed: { call: browser.text, with: { target: 'css=p' } }
  - held: { call: browser.value, with: { target: 'textbox "Odd"' } }
  - shown: { call: browser.screenshot, with: { saveAs: shown.png } }
  - named:
      try: [ { shoot: { call: browser.screenshot, with: { saveAs: '\${ "shot-" + $context.key + ".png" }' } } } ]
      catch: { as: error, do: [ { why: { set: { code: '\${ $error.code }' } } } ] }
  - sought:
      try: [ { press: { call: browser.click, with: { target: '\${ "button " + ($context.odd | @json) }' }, timeout: { after: PT2S } } } ]
      catch: { as: error, do: [ { said: { set: { error: '\${ $error }' } } } ] }
  - send: { call: browser.click, with: { target: 'button "Send"', expect: { visible: heading "Welcome" } } }
  - calm: { call: browser.waitFor, with: { visible: heading "Welcome" } }
  - work: { call: browser.click, with: { target: button "Work" } }
  - worked: { call: browser.waitForResponse, with: { url: '*/api?raw=p*', read: text } }
  - lost:
      try: [ { nowhere: { call: browser.click, with: { target: button "Nowhere" }, timeout: { after: PT2S } } } ]
      catch: { as: error, do: [ { passed: { set: { error: '\${ $error }' } } } ] }
  - called:
      call: http
      with:
        method: post
        endpoint: '\${ $context.url + "api?called=" + ($context.odd | @uri) }'
        headers: { x-key: '\${ $context.key }' }
        body: { odd: '\${ $context.odd }', key: '\${ $context.key }' }
  - refused:
      try: [ { missing: { call: http, with: { method: get, endpoint: '\${ $context.url + "missing/" + $context.key }', headers: { authorization: '\${ "Basic " + ($context.odd | @base64) }' } } } } ]
      catch: { as: error, do: [ { answered: { set: { error: '\${ $error }' } } } ] }
  - stored:
      try: [ { save: { call: http, with: { method: get, endpoint: '\${ $context.url + "api?saved" }', headers: { x-key: '\${ $context.key }' } }, metadata: { rpa: { saveAs: answer.txt } } } } ]
      catch: { as: error, do: [ { kept: { set: { error: '\${ $error }' } } } ] }
  - written:
      try: [ { write: { call: data.text.write, with: { text: '\${ "key: " + $context.key + " " + $context.odd }', saveAs: key.txt } } } ]
      catch: { as: error, do: [ { unwritten: { set: { error: '\${ $error }' } } } ] }
  - mailed:
      try: [ { mail: { call: mail.send, with: { server: { host: 127.0.0.1, port: 1, security: none, user: '\${ $context.key }', password: '\${ $context.odd }' }, from: a@example.com, to: b@example.com, subject: '\${ $context.key }', text: '\${ $context.odd }' } } } ]
      catch: { as: error, do: [ { unsent: { set: { error: '\${ $error }' } } } ] }
  - queried:
      try: [ { query: { call: db.query, with: { connection: { type: postgres, host: 127.0.0.1, port: 1, database: x, user: '\${ $context.key }', password: '\${ $context.odd }' }, sql: 'SELECT $1', parameters: ['\${ $context.odd }'] } } } ]
      catch: { as: error, do: [ { unasked: { set: { error: '\${ $error }' } } } ] }
  - failing:
      try: [ { assertion: { call: assert, with: { that: false, message: '\${ "wrong: " + $context.key } ' } } } ]
      catch: { as: error, do: [ { last: { set: { error: '\${ $error }', key: '\${ $context.key }', odd: '\${ $context.odd }' } } } ] }
`;

let folder: string;
let site: Server;
let peer: ProtocolPeer;
let agent: TestAgent;
let events: readonly RunEvent[];
/** Everything that the site was sent, to show that the canaries were really about. */
let sent = '';

beforeAll(async () => {
  if (process.env['CASARE_SECURITY_LIST'] !== undefined) return;
  folder = mkdtempSync(join(tmpdir(), 'casare-canaries-'));
  site = createServer((request, response) => {
    sent += `${request.method ?? ''} ${request.url ?? ''}\n`;
    request.setEncoding('utf8').on('data', (text: string) => (sent += text));
    const [type, body] =
      request.url === '/app.js'
        ? ['text/javascript', APP]
        : request.url?.startsWith('/api') === true
          ? ['text/plain', `you sent ${request.url} and ${String(request.headers['x-key'])}`]
          : ['text/html', request.url === '/welcome' ? WELCOME : SIGN_IN];
    const cookie = request.url === '/welcome' ? { 'set-cookie': `id=${SECRETS.plain}; HttpOnly` } : {};
    const status = request.url?.startsWith('/missing') === true ? 404 : 200;
    const answer = status === 404 ? `no ${request.url} for ${request.headers.authorization}` : body;
    response.writeHead(status, { 'content-type': type, ...cookie }).end(answer);
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  const pki = await createTestPki();
  peer = await ProtocolPeer.start(pki);
  agent = startTestAgent({ module: WORKER, folder, pki, peer });
  await vi.waitFor(() => expect(agent.tunnel.state).toBe('live'), { timeout: 20_000 });
  const run = assigned(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
  peer.send(run);
  await vi.waitFor(() => expect(peer.eventsOf(run).at(-1)?.body.type).toMatch(/^run\.(?!started|log)/), {
    timeout: 110_000,
  });
  events = peer.eventsOf(run);
  await vi.waitFor(() => expect([...peer.files.values()].every(({ stored }) => stored)).toBe(true), {
    timeout: 20_000,
  });
}, 150_000);
afterAll(async () => {
  if (process.env['CASARE_SECURITY_LIST'] !== undefined) return;
  await agent.stop();
  await peer.stop();
  site.closeAllConnections();
  await new Promise((resolve) => site.close(resolve));
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

function assigned(url: string): JobAssign {
  const checked = validateWorkflow(parse(DOCUMENT));
  if (!checked.ok) throw new Error(JSON.stringify(checked.findings));
  const run = assignment({ input: { url }, secrets: SECRETS });
  return {
    ...run,
    workflow: { ...run.workflow, document: checked.document as unknown as JobAssign['workflow']['document'] },
  };
}

/** The forms that a value may take on its way, as bytes. */
function formsOf(value: string): Map<string, Buffer> {
  const json = (text: string): string => JSON.stringify(text).slice(1, -1);
  const forms: [string, string][] = [
    ['raw', value],
    ['JSON', json(value)],
    ['JSON in JSON', json(json(value))],
    ['URL component', encodeURIComponent(value)],
    ['URL', encodeURI(value)],
    ['form', new URLSearchParams({ v: value }).toString().slice(2)],
    ['query', new URL(`http://x/?${value.replaceAll('#', '')}`).search.slice(1)],
    ['HTML', value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')],
    ['hex', Buffer.from(value).toString('hex')],
  ];
  for (const shift of [0, 1, 2]) {
    const text = Buffer.concat([Buffer.alloc(shift), Buffer.from(value)])
      .toString('base64')
      .replace(/=+$/, '');
    const inner = text.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + value.length) * 8) / 6));
    forms.push([`base64, shifted by ${shift}`, inner]);
    forms.push([`base64url, shifted by ${shift}`, inner.replaceAll('+', '-').replaceAll('/', '_')]);
  }
  return new Map(forms.map(([name, text]) => [name, Buffer.from(text)]));
}

interface Place {
  readonly where: string;
  readonly bytes: Buffer;
}

/** Where a canary is, one line for each. */
function sightings(places: readonly Place[]): string[] {
  return Object.entries(SECRETS).flatMap(([secret, value]) => {
    const forms = formsOf(value);
    return places.flatMap(({ where, bytes }) =>
      [...forms].flatMap(([form, needle]) => (bytes.includes(needle) ? [`${secret}, ${form}: ${where}`] : [])),
    );
  });
}

/** Every file of the agent home but the unpacked browser, by its path; the paths themselves too. */
function placesOnDisk(): Place[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && !relative(folder, entry.parentPath).split('/')[0]?.startsWith('chromium'),
  );
  return files.flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    if (!existsSync(path)) return [];
    return [
      { where: `the name ${relative(folder, path)}`, bytes: Buffer.from(path) },
      { where: relative(folder, path), bytes: readFileSync(path) },
    ];
  });
}

/** What the control plane got. */
function placesSent(): Place[] {
  const files = [...peer.files.values()].flatMap(({ open, bytes }) => [
    { where: `artifact ${open.name}`, bytes },
    { where: `the opening of ${open.name}`, bytes: Buffer.from(JSON.stringify(open)) },
  ]);
  const messages = peer.messages.map((message) => ({
    where: `message ${message.type}`,
    bytes: Buffer.from(JSON.stringify(message)),
  }));
  return [...files, ...messages, { where: "the agent's log", bytes: Buffer.from(agent.logged.join('\n')) }];
}

/** What archives hold, also those on the agent's disk. */
function placesInArchives(): Place[] {
  return [...placesOnDisk(), ...placesSent()]
    .filter(({ bytes }) => bytes.subarray(0, 4).equals(Buffer.from('PK\u0003\u0004', 'latin1')))
    .flatMap(({ where, bytes }) =>
      Object.entries(unzipSync(bytes)).map(([name, entry]) => ({
        where: `${name} in ${where}`,
        bytes: Buffer.from(entry),
      })),
    );
}

attack(
  38,
  "a secret's value is in no step output, error, log line, file name, tree, network log or console log of its run",
  [
    {
      file: 'edge-agent/src/steps/run-files.ts',
      find: '  if (!context.holdsSecret(name)) return;',
      replace: '  if (name !== undefined) return;',
    },
    {
      file: 'edge-agent/src/engine/recorder.ts',
      find: 'return { ...body, message: vault.scrub(body.message) };',
      replace: 'return body;',
    },
    {
      file: `${BROWSER}/page-log.ts`,
      find: 'const said = this.#memory.scrub(text).slice(0, TEXT_LENGTH);',
      replace: 'const said = text.slice(0, TEXT_LENGTH);',
    },
    {
      file: `${BROWSER}/page-log.ts`,
      find: 'url: readableUrl(this.#memory.scrub(request.url())),',
      replace: 'url: readableUrl(request.url()),',
    },
  ],
  () => {
    expect(events.at(-1)?.body).toMatchObject({ type: 'run.completed', output: { key: expect.any(String) as string } });
    // The control: the canaries were typed, sent and stored by the page.
    for (const form of ['raw', 'URL component']) expect(sent).toContain(String(formsOf(SECRETS.plain).get(form)));
    expect(sent).toContain(encodeURIComponent(SECRETS.odd));
    const codes = events.flatMap(({ body }) => (body.type === 'step.failed' ? [body.error.code] : []));
    const told = ['FILE_NAME_HOLDS_SECRET', 'SELECTOR_NO_MATCH', 'HTTP_STATUS', 'SECRET_IN_FILE', 'ASSERTION_FAILED'];
    expect(codes).toEqual(expect.arrayContaining([...told, 'MAIL_UNREACHABLE', 'DB_UNREACHABLE']));
    expect(sent).toContain('POST /api?called=p');
    const kinds = new Set([...peer.files.values()].map(({ open }) => open.kind));
    expect([...kinds].sort()).toEqual(['console', 'network', 'screenshot', 'snapshot', 'trace']);
    // What was seen of it stands there, masked.
    const texts = [...peer.files.values()]
      .filter(({ open }) => open.kind === 'console')
      .map(({ bytes }) => String(bytes));
    expect(texts.join('')).toContain('working with ***');
    expect(sightings([...placesOnDisk(), ...placesSent()])).toEqual([]);
  },
);

attack(
  50,
  'nor in an entry of an archive, unpacked, in any encoding',
  [
    {
      file: `${BROWSER}/scrub-trace.ts`,
      find: 'else if (isText(name)) scrubbed[name] = strToU8(memory.scrub(strFromU8(bytes)));',
      replace: 'else if (isText(name)) scrubbed[name] = bytes;',
    },
    {
      file: `${BROWSER}/scrub-trace.ts`,
      find: "return parsed.success ? memory.scrub(JSON.stringify(scrubEntry(parsed.data, kept))) : '';",
      replace: "return parsed.success ? JSON.stringify(scrubEntry(parsed.data, kept)) : '';",
    },
  ],
  () => {
    const places = placesInArchives();
    // The control: there are archives, and they hold what the page did after the sign-in.
    expect(places.some(({ where, bytes }) => /\.trace in artifact/.test(where) && bytes.includes('Welcome'))).toBe(
      true,
    );
    expect(places.some(({ where, bytes }) => /\.network in artifact/.test(where) && bytes.includes('/api?raw='))).toBe(
      true,
    );
    expect(sightings(places)).toEqual([]);
  },
);
