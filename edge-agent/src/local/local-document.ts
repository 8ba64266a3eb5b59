/**
 * A workflow from a file, as the control plane would save it: checked, pinned, with the sub-workflows that stand in files
 * beside it. Problems are shown with the lines they are in.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import {
  analyse,
  type Analysis,
  embedSubWorkflows,
  normalise,
  type Parsed,
  parseWorkflow,
  type Problem,
  subWorkflowUses,
  type Workflow,
} from '@casare/shared/workflow';
import { codeOf, Fault } from '../fault.ts';
import { DocumentProblems } from './document-problems.ts';

/** The largest file that is read, bytes; the language allows no longer text. */
const FILE_BYTES = 4_194_304;
/** Files of one folder that are looked into for sub-workflows, and how deep they may run each other. */
const FILES = 500;
const DEPTH = 20;
const SHOWN_PROBLEMS = 20;
/** Characters of a line that are shown, and before the place that is meant. */
const [SHOWN_LINE, SHOWN_BEFORE] = [160, 100];

export interface LocalDocument {
  readonly document: Workflow;
  readonly analysis: Analysis;
  /** Lines to show before the run. */
  readonly warnings: readonly string[];
}

/**
 * Reads and checks `file`. Sub-workflows are looked for in `folders`, in files that end with `.yaml`, `.yml` or `.json`.
 * @throws {DocumentProblems}; Fault LOCAL_FILE_UNREADABLE
 */
export async function readDocument(file: string, folders: readonly string[]): Promise<LocalDocument> {
  const text = await readText(file);
  const parsed = parseWorkflow(text);
  if (!parsed.ok) throw invalid(file, text, parsed.problems);
  const beside = new Beside(folders);
  const document = await whole(file, text, parsed, beside, 0);
  return { document, analysis: analyse(document), warnings: parsed.warnings.map((one) => place(file, one)) };
}

async function whole(
  file: string,
  text: string,
  parsed: Extract<Parsed, { ok: true }>,
  beside: Beside,
  depth: number,
): Promise<Workflow> {
  if (depth > DEPTH)
    throw new DocumentProblems([`WORKFLOW_INVALID: ${file}: sub-workflows run each other more than ${DEPTH} deep`]);
  const own = normalise(parsed.document);
  const saved = new Map<string, Workflow>();
  for (const { reference } of subWorkflowUses(own)) {
    const found = saved.has(reference) ? undefined : await beside.find(reference);
    if (found === undefined) continue;
    saved.set(reference, await whole(found.file, found.text, found.parsed, beside, depth + 1));
  }
  const embedded = embedSubWorkflows(own, saved);
  if (!embedded.ok) throw invalid(file, text, embedded.findings.map(parsed.locate));
  return embedded.document;
}

interface Found {
  readonly file: string;
  readonly text: string;
  readonly parsed: Extract<Parsed, { ok: true }>;
}

/** The workflows in the files of some folders, read when one is first asked for. */
class Beside {
  readonly #folders: readonly string[];
  #known: Promise<Map<string, Found>> | null = null;

  constructor(folders: readonly string[]) {
    this.#folders = folders;
  }

  async find(reference: string): Promise<Found | undefined> {
    this.#known ??= this.#read();
    return (await this.#known).get(reference);
  }

  async #read(): Promise<Map<string, Found>> {
    const known = new Map<string, Found>();
    for (const folder of this.#folders) {
      const names = (await readdir(folder).catch(() => [])).filter((name) => /\.(ya?ml|json)$/.test(name));
      for (const name of names.toSorted().slice(0, FILES)) {
        const file = path.join(folder, name);
        const text = await readText(file).catch(() => null);
        const parsed = text === null ? null : parseWorkflow(text);
        // What is no workflow is not meant; one with mistakes is said to be missing.
        if (text === null || parsed === null || !parsed.ok) continue;
        const { namespace, name: called, version } = parsed.document.document;
        const reference = `${namespace}/${called}@${version}`;
        if (!known.has(reference)) known.set(reference, { file, text, parsed });
      }
    }
    return known;
  }
}

/** The text of a file that a person named. @throws Fault LOCAL_FILE_UNREADABLE */
export async function readText(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > FILE_BYTES)
      throw new Fault('LOCAL_FILE_UNREADABLE', `${file} is larger than ${FILE_BYTES} bytes`, { exitCode: 2 });
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Fault) throw error;
    const why = codeOf(error) === 'ENOENT' ? 'does not exist' : `cannot be read (${codeOf(error) || String(error)})`;
    const message = `${file} ${why}: give the path of a file that can be read`;
    throw new Fault('LOCAL_FILE_UNREADABLE', message, { exitCode: 2, cause: error });
  }
}

function invalid(file: string, text: string, problems: readonly Problem[]): DocumentProblems {
  const lines = text.split(/\r?\n/);
  const shown = problems.slice(0, SHOWN_PROBLEMS).flatMap((problem) => {
    // The beginning of a long line is not what is wrong with it.
    const from = Math.max(0, problem.column - 1 - SHOWN_BEFORE);
    const line = (lines[problem.line - 1] ?? '').slice(from, from + SHOWN_LINE).replaceAll('\t', ' ');
    return [place(file, problem), `    ${line}`, `    ${' '.repeat(problem.column - 1 - from)}^`];
  });
  const rest = problems.length > SHOWN_PROBLEMS ? [`... and ${problems.length - SHOWN_PROBLEMS} more`] : [];
  return new DocumentProblems([`WORKFLOW_INVALID: ${file} cannot be run:`, ...shown, ...rest]);
}

function place(file: string, { line, column, message }: Problem): string {
  return `${file}:${line}:${column}: ${message}`;
}
