/** What is said about a secret, and what it may be used for. */
import type { Secret } from '@casare/shared/api';
import { Field } from '../ui/field.tsx';
import type { FormState } from '../ui/use-form.ts';

interface AboutFieldsProps {
  readonly secret: Secret | null;
  readonly form: FormState;
}

export function AboutFields({ secret, form }: AboutFieldsProps) {
  return (
    <div className="row">
      <Field label="Description" wrong={form.wrong('description')}>
        {(given) => (
          <input {...given} name="description" maxLength={500} defaultValue={secret?.description} autoComplete="off" />
        )}
      </Field>
      <Field
        label="Replace after days"
        wrong={form.wrong('rotateAfterDays')}
        hint="It is called due when its newest version is older; empty: never."
      >
        {(given) => (
          <input
            {...given}
            name="rotateAfterDays"
            type="number"
            min={1}
            max={3_650}
            defaultValue={secret?.rotateAfterDays ?? ''}
          />
        )}
      </Field>
    </div>
  );
}

export function RuleFields({ secret, form }: AboutFieldsProps) {
  return (
    <div className="row">
      <Field
        label="Only these steps get it"
        wrong={form.wrong('allowedSteps')}
        hint={
          <>
            One a line, such as <code>browser.fill</code> or <code>browser.*</code>. Empty: every step.
          </>
        }
      >
        {(given) => (
          <textarea
            {...given}
            name="allowedSteps"
            className="code"
            rows={2}
            spellCheck={false}
            defaultValue={secret?.allowedSteps?.join('\n')}
          />
        )}
      </Field>
      <Field
        label="It goes only to these origins"
        wrong={form.wrong('allowedOrigins')}
        hint={
          <>
            One a line, such as <code>https://portal.example.com</code> or <code>smtp://mail.example.com:587</code>.
            Empty: everywhere.
          </>
        }
      >
        {(given) => (
          <textarea
            {...given}
            name="allowedOrigins"
            className="code"
            rows={2}
            spellCheck={false}
            defaultValue={secret?.allowedOrigins?.join('\n')}
          />
        )}
      </Field>
    </div>
  );
}
