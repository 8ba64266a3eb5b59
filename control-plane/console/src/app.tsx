/** The frame around every page: header, sign-out, and the page that the address names. */
import type { Me, RolePermission } from '@casare/shared/api';
import { useEffect, useRef, useState } from 'react';
import { AccountPage } from './pages/account.tsx';
import { DeadLettersPage } from './pages/dead-letters.tsx';
import { InvitationPage } from './pages/invitation.tsx';
import { JobPage } from './pages/job.tsx';
import { JobsPage } from './pages/jobs.tsx';
import { MaintenancePage } from './pages/maintenance.tsx';
import { PeoplePage } from './pages/people.tsx';
import { SignInPage } from './pages/sign-in.tsx';
import { HOME, Link, hrefOf, useRoute, type Route } from './router.tsx';
import { useSession } from './session.tsx';
import { Fault } from './ui/fault.tsx';
import { Loading } from './ui/loading.tsx';
import { Title } from './ui/title.tsx';

export function App() {
  const route = useRoute();
  const { state, look } = useSession();
  useFocusOnNewPage(route);
  if (route.page === 'invitation') return <InvitationPage />;
  if (state.is === 'looking') return <Loading what="Signing in" />;
  if (state.is === 'out') return <SignInPage error={state.error} />;
  if (state.is === 'unknown') {
    return (
      <main className="narrow">
        <Fault error={state.error} onRetry={look} />
      </main>
    );
  }
  return (
    <>
      <a className="skip" href="#content">
        Skip to content
      </a>
      <Header me={state.me} route={route} />
      <main id="content" tabIndex={-1}>
        <Page route={route} />
      </main>
    </>
  );
}

function Page({ route }: { route: Route }) {
  switch (route.page) {
    case 'jobs':
    case 'login':
    case 'login-callback':
    case 'invitation':
      return <JobsPage key={hrefOf(route)} state={route.page === 'jobs' ? route.state : null} />;
    case 'job':
      return <JobPage key={route.id} id={route.id} />;
    case 'dead-letters':
      return <DeadLettersPage key={hrefOf(route)} reason={route.reason} />;
    case 'maintenance':
      return <MaintenancePage />;
    case 'account':
      return <AccountPage />;
    case 'people':
      return <PeoplePage />;
    case 'unknown':
      return (
        <>
          <Title>There is no such page</Title>
          <p>
            The address may be mistyped. <Link to={HOME}>Go to the jobs</Link>
          </p>
        </>
      );
  }
}

const PAGES: readonly { readonly name: string; readonly to: Route; readonly needs?: RolePermission }[] = [
  { name: 'Jobs', to: HOME },
  { name: 'Dead letters', to: { page: 'dead-letters', reason: null } },
  { name: 'Maintenance', to: { page: 'maintenance' } },
  { name: 'People', to: { page: 'people' }, needs: 'accounts:read' },
  { name: 'Your account', to: { page: 'account' } },
];

function Header({ me, route }: { me: Me; route: Route }) {
  const { signOut } = useSession();
  const [error, setError] = useState<unknown>(null);
  return (
    <header className="bar">
      <Link to={HOME} className="brand">
        <img src="/favicon.svg" alt="" width="24" height="24" /> Casare
      </Link>
      <nav aria-label="Pages" className="pages">
        {PAGES.filter(({ needs }) => needs === undefined || me.permissions.includes(needs)).map(({ name, to }) => (
          <Link key={name} to={to} aria-current={to.page === route.page ? 'page' : undefined}>
            {name}
          </Link>
        ))}
      </nav>
      <span className="who">
        {me.email ?? 'API key'} <span className="faint">in {me.tenant}</span>
      </span>
      <button type="button" onClick={() => void signOut().catch(setError)}>
        Sign out
      </button>
      {error !== null && <Fault error={error} />}
    </header>
  );
}

/** After a change of page (not of a filter), reading goes on at its heading. */
function useFocusOnNewPage(route: Route): void {
  const page = route.page === 'job' ? route.id : route.page;
  const before = useRef(page);
  useEffect(() => {
    if (before.current !== page) document.querySelector<HTMLElement>('h1')?.focus();
    before.current = page;
  }, [page]);
}
