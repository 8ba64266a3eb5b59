/** An error of a workflow: what happened, why, and the code to look it up by. Always text: it comes from agents. */
import type { Job } from '@casare/shared/api';

export function ErrorText({ error }: { error: NonNullable<Job['error']> }) {
  const { title, detail, code, status } = error;
  return (
    <div className="error">
      <p>
        <strong>{title ?? 'It failed.'}</strong> <code>{code ?? status}</code>
      </p>
      {detail !== undefined && <pre tabIndex={0}>{detail}</pre>}
    </div>
  );
}
