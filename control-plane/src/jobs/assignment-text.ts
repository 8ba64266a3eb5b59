/**
 * Assignments as the text of their frame. An assignment is checked and written once, when it is built, and its workflow's
 * document, which is the same for thousands of jobs and the largest part, once for all of them.
 *
 * Invariant: a text is given out only for the very object that was checked. It holds secrets, and lives as long as that.
 */
import { JobAssign } from '@casare/shared/protocol';

/** Of documents, which never change; they live as long as the workflows that are kept in memory. */
const documents = new WeakMap<object, string>();
const texts = new WeakMap<JobAssign, string>();
const Document = JobAssign.shape.workflow.shape.document;

/** Checks and writes an assignment; null when it is no message of the protocol. */
export function writeAssignment(message: JobAssign): string | null {
  const document = documentText(message.workflow.document);
  // The document was checked by itself, and an input that comes from a column of JSON is JSON: what stands in their places
  // is checked with the rest.
  const parsed = JobAssign.safeParse({ ...message, input: null, workflow: { ...message.workflow, document: null } });
  if (document === null || !parsed.success) return null;
  const { workflow, input: _, ...rest } = parsed.data;
  const { document: __, ...names } = workflow;
  const input = JSON.stringify(message.input);
  const text = `${open(rest)},"input":${input},"workflow":${open(names)},"document":${document}}}`;
  texts.set(message, text);
  return text;
}

/** The text of an assignment that `writeAssignment` has written; undefined for every other one. */
export function assignmentText(message: JobAssign): string | undefined {
  return texts.get(message);
}

function documentText(document: unknown): string | null {
  const kept = typeof document === 'object' && document !== null ? document : null;
  const known = kept && documents.get(kept);
  if (known) return known;
  const parsed = Document.safeParse(document);
  if (!parsed.success) return null;
  const text = JSON.stringify(parsed.data);
  if (kept) documents.set(kept, text);
  return text;
}

/** An object's text without its last brace: more members follow. */
function open(value: object): string {
  return JSON.stringify(value).slice(0, -1);
}
