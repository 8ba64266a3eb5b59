/**
 * Where the files of a run are: the control plane has them, or a record does. Pictures are fetched and shown only if they are
 * announced as a type below and are not too large; a file of an agent is never a page of ours.
 */
import { createContext, useContext, useEffect, useState } from 'react';
import { bytesWords, wordsOf } from '../words.ts';
import type { EvidenceFile } from './evidence.ts';

export interface RunFiles {
  /** An address to download it from. */
  readonly href: (file: EvidenceFile) => string;
  /** Its bytes; null where a page may not read files, and only the address can be used. */
  readonly read: ((file: EvidenceFile, signal: AbortSignal) => Promise<ArrayBuffer>) | null;
}

const PICTURES = ['image/png', 'image/jpeg', 'image/webp'];
const PICTURE_BYTES = 20_000_000;
const TEXT_BYTES = 2_000_000;

const RunFilesContext = createContext<RunFiles | null>(null);
export const RunFilesProvider = RunFilesContext.Provider;

/** The files of the run that is shown. */
export function useRunFiles(): RunFiles {
  return useContext(RunFilesContext)!;
}

/** Something being fetched. */
export type Fetched<T> = { readonly value: T } | { readonly why: string } | null;

/** A picture as an address that an image takes. */
export function usePicture(file: EvidenceFile): Fetched<string> {
  const { read, href } = useRunFiles();
  const problem = pictureProblem(file);
  const direct = problem === null && read === null ? href(file) : null;
  const fetched = useBytes(problem === null ? file : null, problem);
  const [url, setUrl] = useState<string | null>(null);
  const bytes = fetched !== null && 'value' in fetched ? fetched.value : null;
  useEffect(() => {
    if (bytes === null) return;
    const made = URL.createObjectURL(new Blob([bytes], { type: file.mediaType }));
    setUrl(made);
    return () => {
      setUrl(null);
      URL.revokeObjectURL(made);
    };
  }, [bytes, file.mediaType]);
  if (direct !== null) return { value: direct };
  if (fetched !== null && 'why' in fetched) return fetched;
  return url === null ? null : { value: url };
}

/** A file as text. */
export function useText(file: EvidenceFile): Fetched<string> {
  const { read } = useRunFiles();
  const fetched = useBytes(file, textProblem(file, read !== null));
  const [text, setText] = useState<string | null>(null);
  const bytes = fetched !== null && 'value' in fetched ? fetched.value : null;
  useEffect(() => setText(bytes === null ? null : new TextDecoder().decode(bytes)), [bytes]);
  if (fetched !== null && 'why' in fetched) return fetched;
  return text === null ? null : { value: text };
}

function pictureProblem({ mediaType, bytes, missing }: EvidenceFile): string | null {
  if (missing != null) return missing;
  if (!PICTURES.includes(mediaType)) return `its type is ${mediaType}.`;
  return bytes > PICTURE_BYTES ? `it is larger than ${bytesWords(PICTURE_BYTES)}. Download it.` : null;
}

function textProblem({ bytes, missing }: EvidenceFile, readable: boolean): string | null {
  if (missing != null) return missing;
  if (!readable) return 'a page that was opened as a file may not read it. Open the file, or use casare run-view.';
  return bytes > TEXT_BYTES ? `it is larger than ${bytesWords(TEXT_BYTES)}. Download it.` : null;
}

/** The bytes of a file, fetched when it is shown; `problem` says that they are not to be had. */
function useBytes(file: EvidenceFile | null, problem: string | null): Fetched<ArrayBuffer> {
  const { read } = useRunFiles();
  const [fetched, setFetched] = useState<Fetched<ArrayBuffer>>(null);
  useEffect(() => {
    setFetched(null);
    if (file === null || problem !== null || read === null) return;
    const stop = new AbortController();
    read(file, stop.signal).then(
      (value) => {
        if (!stop.signal.aborted) setFetched({ value });
      },
      (error: unknown) => {
        if (!stop.signal.aborted) setFetched({ why: wordsOf(error) });
      },
    );
    return () => stop.abort();
    // The same file: lists are made anew with every change of a run.
  }, [file?.id, problem, read]);
  return problem === null ? fetched : { why: problem };
}
