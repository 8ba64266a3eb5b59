/**
 * Who may import whom (docs/architecture.md, "Import rules"): one rule a line of the table. No exceptions.
 */
const code = (folder) => `^${folder}/src/`;
const packages = (...names) => names.map((name) => `node_modules/${name}(/|$)`);

/** Features of the control plane and the features each may enter, by their front doors. Arrows go one way. */
const ARROWS = {
  audit: [],
  live: [],
  secrets: ['audit'],
  accounts: ['audit'],
  workflows: ['accounts', 'audit'],
  trust: ['audit', 'live'],
  jobs: ['workflows', 'accounts', 'secrets', 'audit', 'live'],
  backup: ['jobs'],
  schedules: ['jobs', 'audit', 'live'],
  alerts: ['audit', 'live'],
  tenants: ['jobs', 'accounts', 'trust', 'audit', 'live'],
  fleet: ['jobs', 'workflows', 'accounts', 'trust', 'audit', 'live'],
  graphql: ['fleet', 'jobs', 'workflows'],
};

const arrows = Object.entries(ARROWS).map(([feature, others]) => ({
  name: `arrows-${feature}`,
  comment: `${feature} may enter ${others.join(', ') || 'no other feature'}; the other way is a typed event`,
  severity: 'error',
  // What tests share may set up a world that the room itself does not know.
  from: { path: `^control-plane/src/${feature}/`, pathNot: '/testing\\.ts$' },
  to: {
    path: '^control-plane/src/[^/]+/',
    pathNot: `^control-plane/src/(${['platform', feature, ...others].join('|')})/`,
  },
}));

const frontDoors = Object.keys(ARROWS).map((feature) => ({
  name: `front-door-${feature}`,
  comment: 'a module is entered by its index.ts',
  severity: 'error',
  from: { path: '^control-plane/src/', pathNot: `^control-plane/src/${feature}/` },
  to: { path: `^control-plane/src/${feature}/(?!(index|testing)\\.ts$)` },
}));

export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'shared',
      severity: 'error',
      from: { path: code('shared'), pathNot: '\\.test\\.ts$' },
      to: { pathNot: [code('shared'), ...packages('zod', 'yaml', '@hpke/core')] },
    },
    {
      name: 'certs',
      severity: 'error',
      from: { path: code('certs') },
      to: { path: ['^control-plane/', '^edge-agent/'] },
    },
    { name: 'edge-agent', severity: 'error', from: { path: code('edge-agent') }, to: { path: '^control-plane/' } },
    { name: 'control-plane', severity: 'error', from: { path: code('control-plane') }, to: { path: '^edge-agent/' } },
    {
      name: 'installer',
      comment: 'packages are made of what the programs are, by path; the programs know nothing of their packages',
      severity: 'error',
      from: { path: '^installer/' },
      to: { path: ['^certs/', '^control-plane/', '^edge-agent/', '^test/'] },
    },
    {
      name: 'programs-know-no-installer',
      severity: 'error',
      from: { path: ['^shared/', '^certs/', '^control-plane/', '^edge-agent/'] },
      to: { path: '^installer/' },
    },
    {
      name: 'console',
      severity: 'error',
      from: { path: code('control-plane/console') },
      to: { path: ['^control-plane/src/', '^certs/', '^edge-agent/'] },
    },
    {
      name: 'pure-decisions',
      comment: 'lifecycles and decisions import shared, each other and types only',
      severity: 'error',
      from: { path: '\\.(lifecycle|decision)\\.ts$' },
      to: {
        pathNot: [code('shared'), '\\.(lifecycle|decision)\\.ts$', ...packages('zod')],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'edges-call-services',
      comment: 'controllers, resolvers and gateways use their own feature, platform and shared',
      severity: 'error',
      from: { path: '^control-plane/src/.*\\.(controller|resolver|gateway)\\.ts$' },
      to: { path: '\\.store\\.ts$', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'sql-in-stores',
      severity: 'error',
      from: { path: '^control-plane/src/', pathNot: '^control-plane/src/platform/database/' },
      to: { path: packages('pg', 'pg-copy-streams', 'typeorm') },
    },
    {
      name: 'platform-knows-no-feature',
      severity: 'error',
      from: { path: '^control-plane/src/platform/' },
      to: { path: '^control-plane/src/(?!platform/)' },
    },
    {
      name: 'testing-doors',
      comment: "a feature's testing.ts is its front door for tests, and only for them",
      severity: 'error',
      from: { path: '^control-plane/src/', pathNot: '(\\.test|/testing[^/]*)\\.ts$' },
      to: { path: '/testing[^/]*\\.ts$' },
    },
    ...arrows,
    ...frontDoors,
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['/dist/'] },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'default'],
      extensions: ['.ts', '.tsx', '.mjs', '.js'],
    },
  },
};
