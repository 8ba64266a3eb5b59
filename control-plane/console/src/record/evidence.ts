/** What was kept of a step beside its record: which file shows what. Pure. */
import type { Artifact, Step } from '@casare/shared/api';
import { readLostName } from '@casare/shared/record';

/** A file of a run, as far as it is shown. */
export type EvidenceFile = Pick<
  Artifact,
  'id' | 'name' | 'mediaType' | 'bytes' | 'attempt' | 'position' | 'createdAt'
> & {
  /** A record may have been written by a version that has other kinds. */
  readonly kind: string;
  /** Why its bytes are not there. */
  readonly missing?: string | null;
};

export interface Evidence {
  readonly before: EvidenceFile | undefined;
  readonly after: EvidenceFile | undefined;
  /** Other pictures, such as that of a failure. */
  readonly pictures: readonly EvidenceFile[];
  /** What is read as text: an accessibility snapshot, what the page wrote to its console, its requests. */
  readonly texts: readonly EvidenceFile[];
  /** To be downloaded: traces, outputs. */
  readonly others: readonly EvidenceFile[];
  /** What was to be kept and is not there. */
  readonly lost: readonly Gap[];
}

/** Something that was to be kept of a step, and why it is not there. */
export interface Gap {
  readonly what: string;
  readonly why: string;
}

/** A moment of the run that there is a picture of. */
export interface Frame {
  readonly at: number;
  readonly file: EvidenceFile;
  readonly step: Step | null;
}

const PICTURE = /^image\/(png|jpeg|webp)$/;
const TEXTS = ['snapshot', 'console', 'network'];

/** The files of one step. */
export function evidenceOf(step: Pick<Step, 'attempt' | 'position'>, files: readonly EvidenceFile[]): Evidence {
  const all = files.filter((file) => file.position === step.position && file.attempt === step.attempt);
  const lost = all.flatMap(({ kind, name }) => (kind === 'output' ? [] : (readLostName(name) ?? [])));
  const its =
    lost.length === 0 ? all : all.filter(({ kind, name }) => kind === 'output' || readLostName(name) === null);
  const pictures = its.filter(isPicture);
  const before = pictures.find((file) => momentOf(file) === 'before');
  const after = pictures.find((file) => momentOf(file) === 'after');
  return {
    before,
    after,
    pictures: pictures.filter((file) => file !== before && file !== after),
    texts: its.filter(({ kind }) => TEXTS.includes(kind)),
    others: its.filter((file) => !isPicture(file) && !TEXTS.includes(file.kind)),
    lost: lost.map(({ name, code, why }) => ({ what: name, why: `${code}: ${why}` })),
  };
}

/** The picture that shows how a step failed. */
export function failureOf(step: Step, files: readonly EvidenceFile[]): EvidenceFile | undefined {
  if (step.state !== 'failed') return undefined;
  const { pictures, after } = evidenceOf(step, files);
  return pictures[0] ?? after;
}

/** Every picture of the run by the time that it shows, oldest first. */
export function framesOf(steps: readonly Step[], files: readonly EvidenceFile[]): readonly Frame[] {
  const at = new Map(steps.map((step) => [keyOf(step), step]));
  return files
    .filter((file) => isPicture(file) && file.missing == null)
    .map((file) => {
      const step = at.get(keyOf(file)) ?? null;
      const time = step === null ? file.createdAt : momentOf(file) === 'before' ? step.startedAt : step.endedAt;
      return { at: Date.parse(time ?? file.createdAt), file, step };
    })
    .sort((a, b) => a.at - b.at);
}

/** The newest frame at a time; the first one before there is any. */
export function frameAt(frames: readonly Frame[], time: number): Frame | null {
  return frames.findLast(({ at }) => at <= time) ?? frames[0] ?? null;
}

/** How a file is called when it is shown with its step. */
export function titleOf(file: EvidenceFile): string {
  const moment = momentOf(file);
  if (moment !== null && isPicture(file)) return moment === 'before' ? 'Before' : 'After';
  return (
    { snapshot: 'Accessibility tree', console: 'Console', network: 'Network', trace: 'Trace' }[file.kind] ?? file.name
  );
}

function isPicture({ kind, mediaType }: EvidenceFile): boolean {
  return kind === 'screenshot' && PICTURE.test(mediaType);
}

function momentOf({ name }: EvidenceFile): 'before' | 'after' | null {
  const found = /(?:^|\/)(before|after)\.\w+$/.exec(name)?.[1];
  return found === 'before' || found === 'after' ? found : null;
}

function keyOf({ attempt, position }: { readonly attempt: number; readonly position: string | null }): string {
  return `${attempt} ${position ?? ''}`;
}
