/**
 * How it is told that something was to be kept of a step and is not there: by a line of the run's log, or, for a file that was
 * lost after its step had gone on, by a small file that takes its place. Both name the file, its step and a stable code, so that
 * a record shows the gap where it is. Pure.
 */

/** Something that was to be kept of a step. */
interface Lost {
  readonly code: string;
  /** The name that it has, or would have. */
  readonly name: string;
  readonly position: string;
  readonly why: string;
}

const JSON_TEXT = String.raw`"(?:[^"\\]|\\.)*"`;
const LINE = new RegExp(String.raw`^(EVIDENCE_[A-Z_]+): (${JSON_TEXT}) of (${JSON_TEXT}): (.*)`, 's');
const NAME = /^(.+)\.([A-Z][A-Z_]{2,60})\.lost\.json$/s;
/** Of a name that gets an ending, characters: an artifact's name has 500. */
const NAME_LENGTH = 420;

/** What a code means, where only the code is known. */
const WORDS: Readonly<Record<string, string>> = {
  EVIDENCE_DROPPED: 'the agent had no room for it any more before it could be sent',
  ARTIFACT_TOO_LARGE: 'the control plane takes no file of that size',
  ARTIFACT_LOST: 'its bytes were gone or changed on the agent before they could be sent',
  ARTIFACT_HASH: 'it arrived damaged each time that it was sent',
  QUOTA_STORED_BYTES:
    "the tenant's storage was used up: a shorter retention frees some, an operator of the platform gives more",
  ARTIFACT_INCOMPLETE: 'it arrived incomplete each time that it was sent',
};

/** The line of the log. */
export function lostLine({ code, name, position, why }: Lost): string {
  return `${code}: ${JSON.stringify(name)} of ${JSON.stringify(position)}: ${why}`;
}

/** What a line of the log tells; null for any other line. */
export function readLostLine(message: string): Lost | null {
  const found = LINE.exec(message);
  if (found === null) return null;
  try {
    const [name, position] = [found[2]!, found[3]!].map((text) => String(JSON.parse(text)));
    return { code: found[1]!, name: name!, position: position!, why: found[4]! };
  } catch {
    return null;
  }
}

/** The name of the file that takes the place of one that was lost. */
export function lostName(name: string, code: string): string {
  return `${name.slice(0, NAME_LENGTH)}.${code}.lost.json`;
}

/** What such a name tells; null for any other name. */
export function readLostName(name: string): Pick<Lost, 'code' | 'name' | 'why'> | null {
  const found = NAME.exec(name);
  if (found === null) return null;
  const code = found[2]!;
  return { code, name: found[1]!, why: WORDS[code] ?? 'the control plane did not take it' };
}
