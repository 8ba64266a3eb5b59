/** What of a run's evidence leaves the agent: the policy's `upload`, kind by kind. Pure. */
import { z } from 'zod';
import { matchesPattern } from './patterns.decision.ts';

/** How a file leaves: whole; as a note that says what it is; not at all. */
export type Leaving = 'whole' | 'note' | 'nothing';

/** A file that a run reports. */
export interface EvidenceFile {
  readonly name: string;
  /** `output`, or a kind of evidence. */
  readonly kind: string;
  /** Every field that a person could have filled is covered in it. */
  readonly masked?: boolean | undefined;
}

/** What the run was asked for is never held back: files of kind `output`, and those that the document declares. */
export function leavingOf(
  upload: Readonly<Record<string, string | undefined>> | undefined,
  file: EvidenceFile,
  declared: readonly string[],
): Leaving {
  if (file.kind === 'output' || declared.some((pattern) => matchesPattern(pattern, file.name))) return 'whole';
  const rule = upload?.[file.kind] ?? 'all';
  if (rule === 'all' || (rule === 'masked' && file.masked === true)) return 'whole';
  return rule === 'none' ? 'nothing' : 'note';
}

const outputs = z.array(z.string()).optional();
const Declaring = z.object({
  document: z.object({ metadata: z.object({ rpa: z.object({ outputs }).optional() }).optional() }),
});

/** Names of the files that a document says a success must have stored; `*` stands for any characters. */
export function declaredOutputs(document: unknown): readonly string[] {
  const parsed = Declaring.safeParse(document);
  return (parsed.success ? parsed.data.document.metadata?.rpa?.outputs : undefined) ?? [];
}
