/** A new secret, or how to seal one. */
import { NewSecret } from '../secrets/secret-form.tsx';
import { HowToSeal } from '../secrets/sealing.tsx';
import { Link, navigate } from '../router.tsx';
import { Title } from '../ui/title.tsx';

export function NewSecretPage() {
  return (
    <>
      <p className="trail">
        <Link to={{ page: 'secrets' }}>Secrets</Link>
      </p>
      <div className="head">
        <Title>New secret</Title>
      </div>
      <NewSecret onStored={(name) => navigate({ page: 'secret', name })} />
      <HowToSeal verb="seal" name="NAME" />
    </>
  );
}
