/** Fields of quotas; an empty one sets no limit. */
import type { Quotas } from '@casare/shared/api';
import { Field } from '../ui/field.tsx';
import { numberOf, type FormState } from '../ui/use-form.ts';
import { GB, QUOTA_NAMES, QUOTAS } from './tenant-words.ts';

interface QuotaFieldsProps {
  readonly before: Quotas | null;
  /** What the fields are called begins with this. */
  readonly prefix: string;
  readonly form: FormState;
}

export function QuotaFields({ before, prefix, form }: QuotaFieldsProps) {
  return (
    <div className="row">
      {QUOTAS.map((quota) => {
        const bytes = quota === 'storedBytes';
        const limit = before?.[quota] ?? null;
        return (
          <Field
            key={quota}
            label={`Most ${QUOTA_NAMES[quota].toLowerCase()}${bytes ? ', GB' : ''}`}
            wrong={form.wrong(prefix + quota)}
            hint="Empty: no limit."
          >
            {(given) => (
              <input
                {...given}
                name={prefix + quota}
                type="number"
                min={0}
                step={bytes ? 'any' : 1}
                defaultValue={limit === null ? '' : bytes ? limit / GB : limit}
              />
            )}
          </Field>
        );
      })}
    </div>
  );
}

/** What the fields hold; not parsed. */
export function quotasOf(fields: FormData, prefix: string): Record<string, number | null> {
  return Object.fromEntries(
    QUOTAS.map((quota) => {
      const amount = numberOf(fields, prefix + quota) ?? null;
      return [quota, amount !== null && quota === 'storedBytes' ? Math.round(amount * GB) : amount];
    }),
  );
}
