/** `data.xml.read`: an XML file as objects, lists and texts. */
import { DATA_STEPS, type Encoding, type Json } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { executor } from '../executor.ts';
import { readBytes } from '../run-files.ts';
import { decode } from './encoding.ts';
import { TreeOfXml } from './xml-tree.ts';
import { readXml } from './xml-stream.ts';

/** The largest file, bytes. */
const FILE_BYTES = 16_777_216;
const ENCODINGS: Readonly<Record<string, Encoding>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'us-ascii': 'utf-8',
  'utf-16': 'utf-16le',
  'iso-8859-1': 'iso-8859-1',
  latin1: 'iso-8859-1',
  'windows-1252': 'windows-1252',
};

export const xmlReadStep: Step = executor(DATA_STEPS.xmlRead, async (args, context) => {
  const bytes = await readBytes(context, args.file, FILE_BYTES);
  const tree = new TreeOfXml({ lists: new Set(args.lists), prefixes: args.prefixes ?? 'drop' });
  for await (const _ of readXml(decode(piecesOf(bytes), encodingOf(bytes)), tree)) context.signal.throwIfAborted();
  return partAt(tree.root, args.at ?? '') as never;
});

/** Small pieces, so that other work of the run has its turn. */
async function* piecesOf(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

/** What the declaration says; a byte order mark wins over it. */
function encodingOf(bytes: Buffer): Encoding {
  const head = bytes.subarray(0, 200).toString('latin1');
  const named = /^<\?xml[^>]*\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']/.exec(head)?.[1]?.toLowerCase();
  const encoding = named === undefined ? 'utf-8' : ENCODINGS[named];
  if (encoding !== undefined) return encoding;
  throw new StepFailure({
    type: 'validation',
    code: 'TEXT_ENCODING',
    title: 'The file is stored in a way that is not known',
    detail: `It says that it is stored as ${named ?? ''}: known are ${Object.keys(ENCODINGS).join(', ')}.`,
    certain: true,
  });
}

/** Names on the way, and numbers from 1 where there are several of a name. */
function partAt(root: Json, at: string): Json {
  let part: Json = root;
  for (const name of at.split('/').filter((one) => one !== '')) {
    const next: Json | undefined = Array.isArray(part)
      ? (part as readonly Json[])[Number(name) - 1]
      : typeof part === 'object' && part !== null && Object.hasOwn(part, name)
        ? (part as Readonly<Record<string, Json>>)[name]
        : undefined;
    if (next === undefined) throw missing(at, name, Array.isArray(part));
    part = next;
  }
  return part;
}

function missing(at: string, name: string, isList: boolean): StepFailure {
  return new StepFailure({
    type: 'validation',
    code: 'XML_PART_MISSING',
    title: 'The file has no such element',
    detail: `On the way ${at} there is no ${JSON.stringify(name)}${isList ? ': there are several elements here, name one by its number from 1' : ''}.`,
    certain: true,
  });
}
