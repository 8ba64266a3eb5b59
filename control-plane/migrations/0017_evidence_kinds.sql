-- Evidence of steps: the accessibility tree (snapshot), what a page asked the network for, what it wrote to its console.
ALTER TABLE artifact DROP CONSTRAINT artifact_kind_check;
ALTER TABLE artifact ADD CONSTRAINT artifact_kind_check
  CHECK (kind IN ('output', 'screenshot', 'trace', 'log', 'snapshot', 'network', 'console')) NOT VALID;
