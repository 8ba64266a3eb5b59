/** The frame around every page: header, sign-out, and the page that the address names. */
import type { Me } from '@casare/shared/api';
import { useEffect, useRef, useState } from 'react';
import { missingFor, Navigation } from './navigation.tsx';
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
import { late, loadEarly } from './ui/late.tsx';
import { Loading } from './ui/loading.tsx';
import { Title } from './ui/title.tsx';

const AgentsPage = late(async () => (await import('./pages/agents.tsx')).AgentsPage);
const AgentPage = late(async () => (await import('./pages/agent.tsx')).AgentPage);
const SchedulesPage = late(async () => (await import('./pages/schedules.tsx')).SchedulesPage);
const SchedulePage = late(async () => (await import('./pages/schedule.tsx')).SchedulePage);
const NewSchedulePage = late(async () => (await import('./pages/new-schedule.tsx')).NewSchedulePage);
const AlertsPage = late(async () => (await import('./pages/alerts.tsx')).AlertsPage);
const SecretsPage = late(async () => (await import('./pages/secrets.tsx')).SecretsPage);
const SecretPage = late(async () => (await import('./pages/secret.tsx')).SecretPage);
const NewSecretPage = late(async () => (await import('./pages/new-secret.tsx')).NewSecretPage);
const TenantsPage = late(async () => (await import('./pages/tenants.tsx')).TenantsPage);
const TenantPage = late(async () => (await import('./pages/tenant.tsx')).TenantPage);
const OwnTenantPage = late(async () => (await import('./pages/own-tenant.tsx')).OwnTenantPage);
const NewTenantPage = late(async () => (await import('./pages/new-tenant.tsx')).NewTenantPage);
const ProvidersPage = late(async () => (await import('./pages/providers.tsx')).ProvidersPage);
const JoinTokensPage = late(async () => (await import('./pages/join-tokens.tsx')).JoinTokensPage);

export function App() {
  const route = useRoute();
  const { state, look } = useSession();
  useFocusOnNewPage(route);
  useEffect(() => {
    if (state.is === 'in') loadEarly();
  }, [state.is]);
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
        <Page me={state.me} route={route} />
      </main>
    </>
  );
}

function Page({ me, route }: { me: Me; route: Route }) {
  const missing = missingFor(me, route.page);
  if (missing !== null) return <NotForYou role={me.role} missing={missing} />;
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
    case 'agents':
      return <AgentsPage key={hrefOf(route)} state={route.state} />;
    case 'agent':
      return <AgentPage key={route.id} id={route.id} />;
    case 'schedules':
      return <SchedulesPage />;
    case 'schedule':
      return <SchedulePage key={route.id} id={route.id} />;
    case 'new-schedule':
      return <NewSchedulePage />;
    case 'alerts':
      return <AlertsPage />;
    case 'secrets':
      return <SecretsPage />;
    case 'secret':
      return <SecretPage key={route.name} name={route.name} />;
    case 'new-secret':
      return <NewSecretPage />;
    case 'tenants':
      return <TenantsPage />;
    case 'tenant':
      return <TenantPage key={route.tenant} id={route.tenant} />;
    case 'new-tenant':
      return <NewTenantPage />;
    case 'own-tenant':
      return <OwnTenantPage />;
    case 'providers':
      return <ProvidersPage />;
    case 'join-tokens':
      return <JoinTokensPage />;
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

function NotForYou({ role, missing }: { role: string; missing: string }) {
  const words =
    missing === 'all sites' ? (
      'It is about all sites of the tenant, and you are limited to some.'
    ) : (
      <>
        It needs <code>{missing}</code>, which the role {role} does not have here. Ask an owner for another role.
      </>
    );
  return (
    <>
      <Title>This page is not for you</Title>
      <p>
        {words} <Link to={HOME}>Go to the jobs</Link>
      </p>
    </>
  );
}

function Header({ me, route }: { me: Me; route: Route }) {
  const { signOut } = useSession();
  const [error, setError] = useState<unknown>(null);
  return (
    <header className="bar">
      <Link to={HOME} className="brand">
        <img src="/favicon.svg" alt="" width="24" height="24" /> Casare
      </Link>
      <span className="who">
        {me.email ?? 'API key'} <span className="faint">in {me.tenant}</span>
      </span>
      <button type="button" onClick={() => void signOut().catch(setError)}>
        Sign out
      </button>
      {error !== null && <Fault error={error} />}
      <Navigation me={me} route={route} />
    </header>
  );
}

/** After a change of page (not of a filter), reading goes on at its heading. */
function useFocusOnNewPage(route: Route): void {
  const page = `${route.page} ${hrefOf(route).replace(/\?.*/, '')}`;
  const before = useRef(page);
  useEffect(() => {
    if (before.current !== page) document.querySelector<HTMLElement>('h1')?.focus();
    before.current = page;
  }, [page]);
}
