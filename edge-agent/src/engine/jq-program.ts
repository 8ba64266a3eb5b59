/**
 * Programs as jq gets them: behind a prelude that takes away what a hostile program could reach, in jq itself: the
 * environment, further inputs, modules (directives are a syntax error after a definition), the process's exit and its
 * diagnostics. Input is the JSON of `{ input, variables, now }`, and of `{ program }` where there are several.
 */

/** An author's program, ready to be one of many: the variables that it has, then its text. */
export interface JqSource {
  readonly program: string;
  /** Names that the payload's variables have; the program sees them as `$name`. */
  readonly names: readonly string[];
}

const refused = (name: string) => `def ${name}: error("${name.split('(')[0]} is not available in workflows");`;
const PRELUDE = [
  ...['env', 'input', 'inputs', 'input_filename', 'input_line_number', 'get_search_list', 'modulemeta'].map(refused),
  ...['halt', 'halt_error', 'halt_error(code)'].map(refused),
  'def debug: .; def debug(message): .; def stderr: .;',
  '.now as $__now | def now: $__now; null as $ENV |',
].join(' ');

/** One program. It stands on a line of its own, so that jq's columns are the author's. */
export function oneProgram(source: JqSource): string {
  return `${PRELUDE} ${bodyOf(source)}`;
}

/** Several, of which the input's `program` chooses one by its place. Each must be one that compiles alone. */
export function manyPrograms(sources: readonly JqSource[]): string {
  const definitions = sources.map((source, index) => `def __program${index}: ${bodyOf(source)}\n;`);
  const choices = sources.map((_, index) => `if .program == ${index} then __program${index} else`);
  return `${PRELUDE} ${definitions.join('\n')}\n${choices.join(' ')} error("no such program")${' end'.repeat(sources.length)}`;
}

/** jq's first complaint, without file names and the quoted source. */
export function complaintIn(stderr: string): string {
  const first = stderr.split('\n')[0] ?? '';
  const text = first
    .replace(/^jq: (?:parse )?error(?: \(at [^)]*\))?:? ?/, '')
    .replace(/ at <top-level>, line \d+, column (\d+):$/, ' (column $1)');
  return text.slice(0, 1_000);
}

function bodyOf({ program, names }: JqSource): string {
  const variables = names.map((name) => `.variables.${name} as $${name} |`).join(' ');
  return `${variables} .input |\n${program}`;
}
