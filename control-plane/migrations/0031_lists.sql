-- Agents by name, page after page.
CREATE INDEX agent_by_name ON agent (tenant_id, name, id);
