/**
 * Takes out of a Playwright trace what must not leave the machine: credentials in headers, cookies, every request body,
 * every response body but style sheets, images and fonts (the recorded page needs those to look right), and any secret.
 *
 * The archive's layout is Playwright's: `*.trace` and `*.network` hold one JSON object a line; bodies are entries named
 * by their SHA-1 that the lines refer to as `_sha1`.
 */
import { strFromU8, strToU8, unzipSync, zipSync, type Zippable } from 'fflate';
import { z } from 'zod';
import { CREDENTIAL_NAME, REMOVED } from './credential-names.ts';
import type { SecretMemory } from './memory.ts';

const KEPT_BODY = /^(text\/css|image\/|font\/|application\/(x-)?font)/i;

const Header = z.looseObject({ name: z.string(), value: z.string() });
const NetworkLine = z.looseObject({
  type: z.literal('resource-snapshot'),
  snapshot: z.looseObject({
    request: z.looseObject({
      headers: z.array(Header).optional(),
      postData: z.looseObject({ _sha1: z.string().optional(), _file: z.string().optional() }).optional(),
    }),
    response: z.looseObject({
      headers: z.array(Header).optional(),
      content: z.looseObject({
        mimeType: z.string().optional(),
        _sha1: z.string().optional(),
        _file: z.string().optional(),
      }),
    }),
  }),
});
type NetworkEntry = z.infer<typeof NetworkLine>;

/** The scrubbed archive. */
export function scrubTrace(archive: Uint8Array, memory: SecretMemory): Uint8Array {
  const entries = unzipSync(archive);
  const kept = new Set<string>();
  const scrubbed: Zippable = {};
  for (const [name, bytes] of Object.entries(entries)) {
    if (name.endsWith('.network')) scrubbed[name] = strToU8(scrubNetwork(strFromU8(bytes), memory, kept));
    else if (isText(name)) scrubbed[name] = strToU8(memory.scrub(strFromU8(bytes)));
  }
  for (const [name, bytes] of Object.entries(entries)) {
    const body = name.split('/').at(-1) ?? '';
    if (name.startsWith('screencast/') || kept.has(body) || kept.has(name)) scrubbed[name] = [bytes, { level: 0 }];
  }
  return zipSync(scrubbed, { level: 6 });
}

function isText(name: string): boolean {
  return /\.(trace|stacks)$/.test(name);
}

/** Notes in `kept` the bodies that may stay. */
function scrubNetwork(lines: string, memory: SecretMemory, kept: Set<string>): string {
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const parsed = NetworkLine.safeParse(JSON.parse(line));
      // A line of a kind that is not known here is left out: nobody has said what it holds.
      return parsed.success ? memory.scrub(JSON.stringify(scrubEntry(parsed.data, kept))) : '';
    })
    .filter((line) => line !== '')
    .map((line) => `${line}\n`)
    .join('');
}

function scrubEntry(entry: NetworkEntry, kept: Set<string>): NetworkEntry {
  const { request, response } = entry.snapshot;
  const { postData: _body, ...bodiless } = request;
  const body = response.content._sha1 ?? response.content._file;
  const keep = KEPT_BODY.test(response.content.mimeType ?? '');
  if (keep && body !== undefined) kept.add(body);
  return {
    ...entry,
    snapshot: {
      ...entry.snapshot,
      request: { ...bodiless, headers: scrubHeaders(request.headers), cookies: [] },
      response: {
        ...response,
        headers: scrubHeaders(response.headers),
        cookies: [],
        content: keep ? response.content : { mimeType: response.content.mimeType, size: 0 },
      },
    },
  };
}

function scrubHeaders(headers: z.infer<typeof Header>[] | undefined): z.infer<typeof Header>[] {
  return (headers ?? []).map((header) => (CREDENTIAL_NAME.test(header.name) ? { ...header, value: REMOVED } : header));
}
