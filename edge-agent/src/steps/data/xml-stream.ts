/**
 * XML of a stranger, read as a stream. The parser is strict and knows no entities but the five of XML and numbers; an
 * external DTD is never fetched, and a document that declares entities is refused.
 *
 * Bounds: what stands between two marks (one text, one tag), and how deep elements lie within each other.
 */
import { SaxesParser } from 'saxes';
import { StepFailure } from '../../engine/index.ts';

/** One text or tag, characters. */
const PIECE_LENGTH = 4_194_304;
/** Elements within each other. */
const DEPTH = 200;

/** What is told of a document, in order. Names are as written, with their prefix. */
export interface XmlListener {
  open(name: string, attributes: Readonly<Record<string, string>>): void;
  /** Between two marks; may be white space alone. */
  text?(text: string): void;
  close(name: string): void;
}

/**
 * Tells a document, and yields after each piece of it, so that a caller can hand on what it has.
 *
 * @throws StepFailure XML_BROKEN, XML_TOO_DEEP, XML_PIECE_TOO_LARGE, XML_ENTITIES_REFUSED
 */
export async function* readXml(pieces: AsyncIterable<string>, listener: XmlListener): AsyncGenerator<void> {
  const parser = new SaxesParser();
  let depth = 0;
  let since = 0;
  parser.on('error', (error) => {
    throw broken(error.message);
  });
  parser.on('doctype', (text) => {
    if (text.includes('[')) throw entitiesRefused();
  });
  parser.on('opentag', ({ name, attributes }) => {
    since = 0;
    depth += 1;
    if (depth > DEPTH) throw tooDeep();
    listener.open(name, attributes);
  });
  parser.on('text', (text) => {
    since = 0;
    listener.text?.(text);
  });
  parser.on('cdata', (text) => {
    since = 0;
    listener.text?.(text);
  });
  parser.on('closetag', ({ name }) => {
    since = 0;
    depth -= 1;
    listener.close(name);
  });
  for await (const piece of pieces) {
    since += piece.length;
    parser.write(piece);
    if (since > PIECE_LENGTH) throw pieceTooLarge();
    yield;
  }
  parser.close();
  yield;
}

/** A name without the prefix of its namespace. */
export function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function broken(why: string): StepFailure {
  return new StepFailure({
    type: 'validation',
    code: 'XML_BROKEN',
    title: 'The file is no well-formed XML',
    // Where it is, and what kind of fault; the parser's words may quote the content.
    detail: `${why.slice(0, 200)}: check what wrote it.`,
    certain: true,
  });
}

function tooDeep(): StepFailure {
  return new StepFailure({
    type: 'validation',
    code: 'XML_TOO_DEEP',
    title: 'The elements lie too deep within each other',
    detail: `They are nested deeper than ${DEPTH} levels.`,
    certain: true,
  });
}

function pieceTooLarge(): StepFailure {
  return new StepFailure({
    type: 'runtime',
    status: 413,
    code: 'XML_PIECE_TOO_LARGE',
    title: 'A text or a tag of the file is too large',
    detail: `One of them is longer than ${PIECE_LENGTH} characters.`,
    certain: true,
  });
}

function entitiesRefused(): StepFailure {
  return new StepFailure({
    type: 'validation',
    code: 'XML_ENTITIES_REFUSED',
    title: 'The file declares entities of its own',
    detail:
      'Its DOCTYPE has declarations in brackets. They can make a small file endless or fetch others, so none are read: have it written without.',
    certain: true,
  });
}
