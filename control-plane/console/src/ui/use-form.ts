/** A form that is sent: busy while it is, and what is wrong stands at its field, where the focus goes. */
import { useEffect, useRef, useState, type RefObject, type SyntheticEvent } from 'react';
import { faultsOf, NO_FAULTS, type FormFaults } from './form-faults.ts';

export interface FormState {
  readonly ref: RefObject<HTMLFormElement | null>;
  /** The button is not disabled meanwhile: that would take the focus from it. */
  readonly busy: boolean;
  /** What is wrong with the field of that name. */
  readonly wrong: (name: string) => string | undefined;
  /** What is wrong and belongs to no field; null when nothing is. */
  readonly error: unknown;
  readonly onSubmit: (event: SyntheticEvent<HTMLFormElement>) => void;
}

/** `send` throws what is wrong; `codes` says which field a code of the server is about. */
export function useForm(
  send: (fields: FormData, form: HTMLFormElement) => Promise<void>,
  codes?: Readonly<Record<string, string>>,
): FormState {
  const ref = useRef<HTMLFormElement>(null);
  const [busy, setBusy] = useState(false);
  const [faults, setFaults] = useState<FormFaults>(NO_FAULTS);
  useEffect(() => {
    if (Object.keys(faults.at).length > 0) ref.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus();
  }, [faults]);
  const submit = async (form: HTMLFormElement) => {
    setBusy(true);
    setFaults(NO_FAULTS);
    try {
      await send(new FormData(form), form);
    } catch (error) {
      const names = [...form.elements].map((element) => element.getAttribute('name') ?? '');
      setFaults(faultsOf(error, new Set(names), codes));
    }
    setBusy(false);
  };
  return {
    ref,
    busy,
    wrong: (name) => faults.at[name],
    error: faults.rest,
    onSubmit: (event) => {
      event.preventDefault();
      if (!busy) void submit(event.currentTarget);
    },
  };
}

/** When a form appears in the place of what it was opened by, the focus goes to its first field. */
export function useFocusFirst(ref: RefObject<HTMLFormElement | null>): void {
  useEffect(() => {
    ref.current?.querySelector('input')?.focus();
  }, [ref]);
}

/** The text of a field, without what stands around it; empty when there is none. */
export function textOf(fields: FormData, name: string): string {
  const value = fields.get(name);
  return typeof value === 'string' ? value.trim() : '';
}

/** The lines of a field, or what stands between its commas. */
export function listOf(fields: FormData, name: string): string[] {
  return textOf(fields, name)
    .split(/[\n,]/)
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** The number in a field; undefined when it is empty. */
export function numberOf(fields: FormData, name: string): number | undefined {
  const text = textOf(fields, name);
  return text === '' ? undefined : Number(text);
}
