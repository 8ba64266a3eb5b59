/** Generated from control-plane/openapi.json by `npm run generate`: not edited by hand. */
export type Json = string | number | boolean | null | Json[] | {
    [key: string]: Json;
};
export interface components {
    schemas: {
        /** @description Any JSON value. */
        Json: Json;
        SignatureEnvelope: {
            payloadType: string;
            payload: string;
            signatures: {
                keyid?: string | undefined;
                sig: string;
            }[];
        };
        ScheduledJob: {
            workflow: string;
            input?: components["schemas"]["Json"] | undefined;
            /** @default 50 */
            priority?: number | undefined;
            /** @default [] */
            requires?: string[] | undefined;
            site?: string | undefined;
            agent?: string | undefined;
            concurrencyKey?: string | undefined;
            /** @default 10 */
            maxAttempts?: number | undefined;
            retry?: {
                attempts?: number | undefined;
                backoffMs?: number | undefined;
                factor?: number | undefined;
                maxBackoffMs?: number | undefined;
                jitter?: number | undefined;
            } | undefined;
            timeoutMs?: number | undefined;
            attemptTimeoutMs?: number | undefined;
        };
        AuditEntry: {
            position: number;
            tenant: string;
            seq: number;
            /** Format: date-time */
            at: string;
            actor: string;
            action: string;
            subject: string;
            detail: {
                [key: string]: components["schemas"]["Json"];
            };
            hash: string;
        };
        Problem: {
            type: string;
            title: string;
            status: number;
            detail?: string | undefined;
            fix?: string | undefined;
            code: string;
            instance?: string | undefined;
            problems?: components["schemas"]["ProblemDetail"][] | undefined;
        };
        ProblemDetail: {
            path: string;
            message: string;
            line?: number | undefined;
            column?: number | undefined;
            suggestion?: string | undefined;
        };
        AuditCheckpoint: {
            /** @constant */
            format: "casare.audit-checkpoint/1";
            log: string;
            position: number;
            hash: string;
            /** Format: date-time */
            at: string;
            /** Format: base64 */
            publicKey: string;
            /** Format: base64 */
            signature: string;
        };
        AuditHead: {
            position: number;
            hash: string;
            at: string | null;
        };
        Me: {
            /** Format: uuid */
            accountId: string;
            email: string | null;
            /** @enum {string} */
            role: "owner" | "admin" | "operator" | "developer" | "viewer" | "security";
            permissions: ("self:read" | "self:write" | "jobs:read" | "jobs:write" | "jobs:review" | "workflows:read" | "workflows:write" | "schedules:read" | "schedules:write" | "alerts:read" | "alerts:write" | "agents:read" | "agents:write" | "secrets:read" | "secrets:write" | "tokens:read" | "tokens:write" | "trust:read" | "trust:write" | "audit:read" | "accounts:read" | "accounts:write" | "accounts:recover" | "providers:write" | "tenant:read" | "tenant:write" | "platform:read" | "platform:write")[];
            tenant: string;
            /** @enum {string} */
            via: "session" | "apiKey" | "token";
            csrfToken: string | null;
        };
        SignInCode: {
            code: string;
            url: string;
            /** Format: date-time */
            expiresAt: string;
        };
        Account: {
            /** Format: uuid */
            id: string;
            email: string;
            /** @enum {string} */
            role: "owner" | "admin" | "operator" | "developer" | "viewer" | "security";
            platform: boolean;
            /** @enum {string} */
            state: "invited" | "active" | "disabled";
            /** Format: date-time */
            createdAt: string;
            lastSignInAt: string | null;
            secondFactor: boolean;
        };
        Invitation: {
            account: components["schemas"]["Account"];
            url: string | null;
            mailedTo: string | null;
            /** Format: date-time */
            expiresAt: string;
        };
        Session: {
            /** Format: uuid */
            id: string;
            account: {
                /** Format: uuid */
                id: string;
                email: string;
            };
            /** Format: date-time */
            createdAt: string;
            lastUsedAt: string | null;
            /** Format: date-time */
            expiresAt: string;
            address: string;
            userAgent: string;
            current: boolean;
        };
        NewSecondFactor: {
            secret: string;
            url: string;
        };
        RecoveryCodes: {
            recoveryCodes: string[];
        };
        Provider: {
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            kind: "oidc" | "jwt";
            name: string;
            issuer: string;
            clientId: string;
            keysUrl: string | null;
            scopes: string;
            groupsClaim: string;
            roles: {
                group: string;
                /** @enum {string} */
                role: "owner" | "admin" | "operator" | "developer" | "viewer" | "security";
            }[];
            linkByEmail: boolean;
            trustEmail: boolean;
            /** Format: date-time */
            createdAt: string;
        };
        ApiKey: {
            id: string;
            name: string;
            account: {
                /** Format: uuid */
                id: string;
                email: string;
            };
            /** @enum {string} */
            role: "owner" | "admin" | "operator" | "developer" | "viewer" | "security";
            scopes: ("self:read" | "self:write" | "jobs:read" | "jobs:write" | "jobs:review" | "workflows:read" | "workflows:write" | "schedules:read" | "schedules:write" | "alerts:read" | "alerts:write" | "agents:read" | "agents:write" | "secrets:read" | "secrets:write" | "tokens:read" | "tokens:write" | "trust:read" | "trust:write" | "audit:read" | "accounts:read" | "accounts:write" | "accounts:recover" | "providers:write" | "tenant:read" | "tenant:write" | "platform:read" | "platform:write")[] | null;
            platform: boolean;
            /** @enum {string} */
            state: "active" | "expired" | "revoked";
            /** Format: date-time */
            createdAt: string;
            createdBy: string;
            expiresAt: string | null;
            revokedAt: string | null;
            lastUsedAt: string | null;
        };
        NewApiKey: {
            id: string;
            name: string;
            account: {
                /** Format: uuid */
                id: string;
                email: string;
            };
            /** @enum {string} */
            role: "owner" | "admin" | "operator" | "developer" | "viewer" | "security";
            scopes: ("self:read" | "self:write" | "jobs:read" | "jobs:write" | "jobs:review" | "workflows:read" | "workflows:write" | "schedules:read" | "schedules:write" | "alerts:read" | "alerts:write" | "agents:read" | "agents:write" | "secrets:read" | "secrets:write" | "tokens:read" | "tokens:write" | "trust:read" | "trust:write" | "audit:read" | "accounts:read" | "accounts:write" | "accounts:recover" | "providers:write" | "tenant:read" | "tenant:write" | "platform:read" | "platform:write")[] | null;
            platform: boolean;
            /** @enum {string} */
            state: "active" | "expired" | "revoked";
            /** Format: date-time */
            createdAt: string;
            createdBy: string;
            expiresAt: string | null;
            revokedAt: string | null;
            lastUsedAt: string | null;
            key: string;
        };
        Agent: {
            /** Format: uuid */
            id: string;
            name: string;
            /** @enum {string} */
            state: "pending" | "active" | "paused" | "draining" | "suspect" | "locked" | "decommissioned";
            connected: boolean;
            presenceSince: string | null;
            site: string | null;
            capabilities: string[];
            grants: string[];
            declared: string[];
            slots: {
                plain: number;
                browser: number;
                desktop: number;
            };
            busy: {
                plain: number;
                browser: number;
                desktop: number;
            };
            drainedAt: string | null;
            facts: {
                hostname: string;
                os: string;
                arch: string;
                agentVersion: string;
                nodeVersion: string;
            } | null;
            certificate: {
                serial: string;
                /** Format: date-time */
                notAfter: string;
            } | null;
            ephemeral: boolean;
            /** Format: date-time */
            createdAt: string;
        };
        NewJoinToken: {
            id: string;
            token: string;
            /** Format: date-time */
            expiresAt: string;
        };
        JoinToken: {
            id: string;
            site: string | null;
            tags: string[];
            usesLeft: number;
            /** @enum {string} */
            state: "issued" | "consumed" | "expired" | "revoked";
            autoApprove: boolean;
            hosts: string[];
            networks: string[];
            ephemeral: boolean;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            expiresAt: string;
        };
        WorkflowVersion: {
            /** Format: uuid */
            id: string;
            namespace: string;
            name: string;
            version: string;
            digest: string;
            requirements: components["schemas"]["Requirements"];
            secrets: string[];
            warnings: components["schemas"]["ProblemDetail"][];
            signed: boolean;
            /** Format: date-time */
            createdAt: string;
        };
        Requirements: {
            /** @enum {string} */
            slot: "plain" | "browser" | "desktop";
            capabilities: string[];
            site: string | null;
        };
        Validation: {
            valid: boolean;
            problems: components["schemas"]["ProblemDetail"][];
            warnings: components["schemas"]["ProblemDetail"][];
        };
        WorkflowVersionDetail: {
            /** Format: uuid */
            id: string;
            namespace: string;
            name: string;
            version: string;
            digest: string;
            requirements: components["schemas"]["Requirements"];
            secrets: string[];
            warnings: components["schemas"]["ProblemDetail"][];
            signed: boolean;
            /** Format: date-time */
            createdAt: string;
            source: string;
            document: components["schemas"]["Json"];
            signature: components["schemas"]["SignatureEnvelopeOutput"] | null;
        };
        Secret: {
            name: string;
            description: string;
            version: number;
            allowedSteps: string[] | null;
            allowedOrigins: string[] | null;
            rotateAfterDays: number | null;
            rotationDue: boolean;
            /** Format: date-time */
            createdAt: string;
            createdBy: string;
            /** Format: date-time */
            versionAt: string;
            lastUsedAt: string | null;
        };
        SecretVersion: {
            version: number;
            /** Format: date-time */
            createdAt: string;
            createdBy: string;
            masterKey: string;
        };
        MasterRotation: {
            current: string;
            retiring: string[];
            remaining: number;
            done: boolean;
        };
        Job: {
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            state: "pending" | "leased" | "running" | "paused" | "cancelling" | "succeeded" | "failed" | "timed_out" | "needs_review" | "cancelled";
            workflow: {
                /** Format: uuid */
                id: string;
                namespace: string;
                name: string;
                version: string;
            };
            priority: number;
            generation: number;
            attempt: number;
            agent: {
                /** Format: uuid */
                id: string;
                name: string;
            } | null;
            requirements: components["schemas"]["Requirements"];
            input: components["schemas"]["Json"];
            output: components["schemas"]["Json"] | null;
            error: {
                type: string;
                status: number;
                title?: string | undefined;
                detail?: string | undefined;
                instance?: string | undefined;
                code?: string | undefined;
            } | null;
            review: {
                reason: string;
                position: string | null;
                evidence?: components["schemas"]["ReviewEvidence"] | undefined;
            } | null;
            artifacts: number;
            /** Format: date-time */
            createdAt: string;
            startedAt: string | null;
            endedAt: string | null;
        };
        ReviewEvidence: {
            attempt: number;
            agent: {
                /** Format: uuid */
                id: string;
                name: string;
            } | null;
            silentSince: string | null;
            outstanding?: boolean | undefined;
            lastRecord: {
                seq: number;
                type: string;
                /** Format: date-time */
                at: string;
            } | null;
            openStep: {
                position: string;
                name: string;
                call: string | null;
                /** @enum {string} */
                effect: "idempotent" | "checkable" | "unsafe";
                /** Format: date-time */
                startedAt: string;
            } | null;
        };
        JobIds: {
            ids: string[];
        };
        Attempt: {
            attempt: number;
            generation: number;
            agent: {
                /** Format: uuid */
                id: string;
                name: string;
            } | null;
            /** Format: date-time */
            leasedAt: string;
            endedAt: string | null;
            outcome: string | null;
            error: {
                type: string;
                status: number;
                title?: string | undefined;
                detail?: string | undefined;
                instance?: string | undefined;
                code?: string | undefined;
            } | null;
            records: number;
        };
        Step: {
            attempt: number;
            seq: number;
            path: string;
            position: string;
            name: string;
            task: string;
            call: string | null;
            /** @enum {string} */
            effect: "idempotent" | "checkable" | "unsafe";
            /** @enum {string} */
            state: "running" | "completed" | "failed" | "skipped" | "interrupted";
            /** Format: date-time */
            startedAt: string;
            endedAt: string | null;
            durationMs: number | null;
            output: components["schemas"]["Json"] | null;
            error: {
                type: string;
                status: number;
                title?: string | undefined;
                detail?: string | undefined;
                instance?: string | undefined;
                code?: string | undefined;
            } | null;
            input?: components["schemas"]["Json"] | undefined;
            seen?: {
                target?: {
                    selector: string;
                    found: string | null;
                    matches: number;
                    candidates?: string[] | undefined;
                } | undefined;
                page?: {
                    url: string;
                    title: string;
                } | undefined;
                window?: {
                    title: string;
                    application: string;
                } | undefined;
            } | undefined;
        };
        LogLine: {
            attempt: number;
            seq: number;
            /** Format: date-time */
            at: string;
            level: string;
            message: string;
        };
        Artifact: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            jobId: string;
            attempt: number;
            name: string;
            /** @enum {string} */
            kind: "output" | "screenshot" | "trace" | "log" | "snapshot" | "network" | "console";
            mediaType: string;
            bytes: number;
            sha256: string;
            position: string | null;
            /** Format: date-time */
            createdAt: string;
        };
        WhyPending: {
            /** @enum {string} */
            state: "pending" | "leased" | "running" | "paused" | "cancelling" | "succeeded" | "failed" | "timed_out" | "needs_review" | "cancelled";
            summary: string;
            ahead: number | null;
            heldBy: {
                /** @enum {string} */
                code: "QUOTA_CONCURRENT_JOBS" | "TENANT_SUSPENDED";
                limit: number | null;
                used: number | null;
            } | null;
            likelyStart: string | null;
            counts: {
                code: string;
                agents: number;
            }[];
            agents: {
                /** Format: uuid */
                id: string;
                name: string;
                reason: string;
                code: string;
            }[];
        };
        DeadLetter: {
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            reason: "permanent" | "ambiguous" | "exhausted";
            workflow: {
                /** Format: uuid */
                id: string;
                namespace: string;
                name: string;
                version: string;
            };
            error: {
                type: string;
                status: number;
                title?: string | undefined;
                detail?: string | undefined;
                instance?: string | undefined;
                code?: string | undefined;
            } | null;
            attempts: number;
            agent: {
                /** Format: uuid */
                id: string;
                name: string;
            } | null;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            failedAt: string;
        };
        DeadLetterDetails: {
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            reason: "permanent" | "ambiguous" | "exhausted";
            workflow: {
                /** Format: uuid */
                id: string;
                namespace: string;
                name: string;
                version: string;
            };
            error: {
                type: string;
                status: number;
                title?: string | undefined;
                detail?: string | undefined;
                instance?: string | undefined;
                code?: string | undefined;
            } | null;
            attempts: number;
            agent: {
                /** Format: uuid */
                id: string;
                name: string;
            } | null;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            failedAt: string;
            input: components["schemas"]["Json"];
            tries: {
                attempt: number;
                generation: number;
                agent: {
                    /** Format: uuid */
                    id: string;
                    name: string;
                } | null;
                /** Format: date-time */
                leasedAt: string;
                endedAt: string | null;
                outcome: string | null;
                error: {
                    type: string;
                    status: number;
                    title?: string | undefined;
                    detail?: string | undefined;
                    instance?: string | undefined;
                    code?: string | undefined;
                } | null;
            }[];
        };
        DeadLettersDone: {
            ids: string[];
            refused: {
                /** Format: uuid */
                id: string;
                code: string;
            }[];
            more: boolean;
        };
        ArtifactLink: {
            url: string;
            /** Format: date-time */
            expiresAt: string;
        };
        Route: {
            id: string;
            /** @enum {string} */
            slot: "plain" | "browser" | "desktop";
            site: string | null;
            capabilities: string[];
            paused: boolean;
            ready: number;
        };
        MaintenanceWindow: {
            /** @enum {string} */
            scope: "route" | "site" | "agent";
            target: string;
            reason: string;
            times: {
                /** @constant */
                kind: "always";
            } | {
                /** @constant */
                kind: "once";
                /** Format: date-time */
                from: string;
                /** Format: date-time */
                to: string;
            } | {
                /** @constant */
                kind: "weekly";
                days: number[];
                start: string;
                minutes: number;
                timeZone: string;
            };
            /** Format: uuid */
            id: string;
            closed: boolean;
            createdBy: string;
            /** Format: date-time */
            createdAt: string;
        };
        Schedule: {
            /** Format: uuid */
            id: string;
            name: string;
            cron: string;
            timeZone: string;
            job: components["schemas"]["ScheduledJobOutput"];
            /** @enum {string} */
            overlap: "skip" | "queue" | "cancel";
            catchUp: {
                /** @constant */
                kind: "none";
            } | {
                /** @constant */
                kind: "last";
            } | {
                /** @constant */
                kind: "all";
                /** @default 10 */
                limit: number;
            };
            enabled: boolean;
            nextRuns: string[];
            lastFiring: components["schemas"]["Firing"] | null;
            createdBy: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
        };
        Firing: {
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            cause: "time" | "person";
            /** Format: date-time */
            dueAt: string;
            untilAt: string | null;
            /** Format: date-time */
            firedAt: string;
            /** @enum {string} */
            outcome: "submitted" | "skipped" | "missed" | "refused";
            jobId: string | null;
            code: string | null;
            reason: string | null;
        };
        AlertChannel: {
            /** Format: uuid */
            id: string;
            name: string;
            /** @enum {string} */
            kind: "email" | "webhook";
            to: string[] | null;
            url: string | null;
            createdBy: string;
            /** Format: date-time */
            createdAt: string;
        };
        NewAlertChannel: {
            channel: components["schemas"]["AlertChannel"];
            secret: string | null;
        };
        AlertRule: {
            /** Format: uuid */
            id: string;
            name: string;
            /** @enum {string} */
            kind: "job.failed" | "job.needs_review" | "agent.offline" | "certificate.expiring";
            channels: string[];
            cleared: boolean;
            enabled: boolean;
            workflow: string | null;
            minutes: number | null;
            days: number | null;
            createdBy: string;
            /** Format: date-time */
            createdAt: string;
        };
        Alert: {
            /** Format: uuid */
            id: string;
            rule: {
                /** Format: uuid */
                id: string;
                name: string;
            };
            /** @enum {string} */
            kind: "job.failed" | "job.needs_review" | "agent.offline" | "certificate.expiring";
            cause: string;
            title: string;
            detail: {
                [key: string]: components["schemas"]["Json"];
            };
            times: number;
            /** Format: date-time */
            raisedAt: string;
            /** Format: date-time */
            lastAt: string;
            clearedAt: string | null;
            deliveries: {
                /** Format: uuid */
                id: string;
                /** Format: uuid */
                channel: string;
                /** @enum {string} */
                about: "raised" | "cleared";
                /** @enum {string} */
                state: "pending" | "delivered" | "failed";
                attempts: number;
                lastError: string | null;
                deliveredAt: string | null;
            }[];
        };
        TrustStatus: {
            rev: number;
            operator: boolean;
            signer: {
                /** @enum {string} */
                state: "up" | "down";
                why: string | null;
            };
            authorities: components["schemas"]["Authority"][];
            rotations: components["schemas"]["Rotation"][];
            locks: number;
            bundle: {
                digest: string;
                roots: number;
            };
            gateways: {
                /** Format: uuid */
                id: string;
                /** Format: date-time */
                heartbeatAt: string;
                rev: number;
                sessions: number;
            }[];
            nextExpiration: components["schemas"]["Expiration"] | null;
            next: string;
        };
        Authority: {
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            kind: "server_root" | "agent_root" | "server_ca" | "agent_ca";
            tenant: string | null;
            /** @enum {string} */
            state: "standby" | "active" | "outgoing" | "retired";
            keyId: string;
            fingerprint: string;
            issuerId: string | null;
            /** @enum {string} */
            key: "server" | "offline";
            /** Format: date-time */
            notAfter: string;
            /** Format: date-time */
            createdAt: string;
            certificatePem: string;
            live: number;
        };
        Rotation: {
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            kind: "server_root" | "agent_root" | "server_ca" | "agent_ca";
            tenant: string | null;
            /** @enum {string} */
            phase: "standby" | "prepare" | "issue" | "serve" | "retire" | "rollback";
            rev: number;
            emergency: boolean;
            automatic: boolean;
            /** Format: uuid */
            oldAuthority: string;
            /** Format: uuid */
            newAuthority: string;
            seenDays: number;
            reason: string;
            startedBy: string;
            /** Format: date-time */
            startedAt: string;
            /** Format: date-time */
            phaseSince: string;
            endedAt: string | null;
            outcome: ("completed" | "rolled_back") | null;
            gate: {
                met: boolean;
                counts: string;
                ready: number;
                total: number;
                blockers: components["schemas"]["Straggler"][];
                leftBehind: number;
            } | null;
            next: string;
        };
        Straggler: {
            /** @enum {string} */
            kind: "agent" | "gateway";
            id: string;
            name: string;
            why: string;
            seenAt: string | null;
        };
        Expiration: {
            /** @enum {string} */
            subject: "server_root" | "agent_root" | "server_ca" | "agent_ca" | "gateway" | "agent" | "web";
            id: string;
            name: string;
            /** Format: date-time */
            notAfter: string;
            next: string;
        };
        Bundle: {
            digest: string;
            roots: string[];
        };
        Certificate: {
            serial: string;
            /** Format: uuid */
            agentId: string;
            agentName: string;
            /** @enum {string} */
            state: "pending" | "current" | "superseded" | "revoked";
            generation: number;
            /** Format: uuid */
            authority: string;
            /** Format: date-time */
            notAfter: string;
            /** Format: date-time */
            createdAt: string;
            revokedAt: string | null;
            revokedWhy: string | null;
            certificatePem: string;
        };
        Lock: {
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            kind: "agent" | "tenant" | "serial" | "ca";
            target: string;
            reason: string;
            createdBy: string;
            /** Format: date-time */
            createdAt: string;
            expiresAt: string | null;
            liftedAt: string | null;
        };
        AuthorityRequest: {
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            kind: "server_ca" | "agent_ca";
            tenant: string | null;
            csrPem: string;
            /** Format: date-time */
            createdAt: string;
        };
        TenantSummary: {
            id: string;
            name: string;
            /** @enum {string} */
            state: "active" | "suspended" | "deleting";
            /** Format: date-time */
            stateSince: string;
            stateReason: string;
            /** Format: date-time */
            createdAt: string;
            operator: boolean;
            quotas: components["schemas"]["Quotas"];
        };
        Quotas: {
            agents: number | null;
            concurrentJobs: number | null;
            queuedJobs: number | null;
            storedBytes: number | null;
        };
        NewTenant: {
            tenant: components["schemas"]["Tenant"];
            invitation: {
                email: string;
                url: string;
                /** Format: date-time */
                expiresAt: string;
            };
        };
        Tenant: {
            id: string;
            name: string;
            /** @enum {string} */
            state: "active" | "suspended" | "deleting";
            /** Format: date-time */
            stateSince: string;
            stateReason: string;
            /** Format: date-time */
            createdAt: string;
            operator: boolean;
            quotas: components["schemas"]["Quotas"];
            trustDomain: string;
            agentCa: {
                keyId: string;
                /** Format: date-time */
                notAfter: string;
            } | null;
            use: components["schemas"]["Use"];
            retention: components["schemas"]["Retention"];
        };
        Use: {
            agents: number;
            concurrentJobs: number;
            queuedJobs: number;
            storedBytes: number;
        };
        Retention: {
            jobsDays: number | null;
            logsDays: number | null;
            artifactsDays: number | null;
        };
        Deletion: {
            tenant: string;
            /** @enum {string} */
            state: "running" | "finished";
            askedBy: string;
            /** Format: date-time */
            askedAt: string;
            finishedAt: string | null;
            report: components["schemas"]["DeletionReport"] | null;
        };
        DeletionReport: {
            tables: {
                name: string;
                removed: number;
                left: number;
            }[];
            folders: {
                name: string;
                removed: number;
                left: number;
            }[];
        };
        SignatureEnvelopeOutput: {
            payloadType: string;
            payload: string;
            signatures: {
                keyid?: string | undefined;
                sig: string;
            }[];
        };
        ScheduledJobOutput: {
            workflow: string;
            input?: components["schemas"]["Json"] | undefined;
            /** @default 50 */
            priority: number;
            /** @default [] */
            requires: string[];
            site?: string | undefined;
            agent?: string | undefined;
            concurrencyKey?: string | undefined;
            /** @default 10 */
            maxAttempts: number;
            retry?: {
                attempts?: number | undefined;
                backoffMs?: number | undefined;
                factor?: number | undefined;
                maxBackoffMs?: number | undefined;
                jitter?: number | undefined;
            } | undefined;
            timeoutMs?: number | undefined;
            attemptTimeoutMs?: number | undefined;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export interface operations {
    "audit.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                log?: ("tenant" | "installation") | undefined;
                since?: string | undefined;
                until?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["AuditEntry"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description A problem; among others OPERATOR_ONLY. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "audit.export": {
        parameters: {
            query?: {
                log?: ("tenant" | "installation") | undefined;
                format?: ("jsonl" | "cloudevents") | undefined;
                since?: string | undefined;
                until?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bytes. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": unknown;
                };
            };
            /** @description A problem; among others OPERATOR_ONLY. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "audit.checkpoint": {
        parameters: {
            query?: {
                log?: ("tenant" | "installation") | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditCheckpoint"];
                };
            };
            /** @description A problem; among others OPERATOR_ONLY. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "audit.checkpoints": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                log?: ("tenant" | "installation") | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["AuditCheckpoint"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description A problem; among others OPERATOR_ONLY. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "audit.head": {
        parameters: {
            query?: {
                log?: ("tenant" | "installation") | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditHead"];
                };
            };
            /** @description A problem; among others OPERATOR_ONLY. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "auth.login": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    email: string;
                    password: string;
                    secondFactor?: string | undefined;
                } | {
                    code: string;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description A problem; among others AUTH_WRONG_CREDENTIALS, AUTH_SECOND_FACTOR_NEEDED, AUTH_SECOND_FACTOR_WRONG, AUTH_CODE_USED, AUTH_LOCKED_OUT. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "auth.logout": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "auth.me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description A problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "auth.acceptInvitation": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    token: string;
                    password: string;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description A problem; among others AUTH_INVITATION_USED. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "auth.changePassword": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    password: string;
                    newPassword: string;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        ended: number;
                    };
                };
            };
            /** @description A problem; among others SESSION_NEEDED, PASSWORD_WRONG, AUTH_LOCKED_OUT. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "auth.createSignInCode": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignInCode"];
                };
            };
            /** @description A problem; among others KEY_NARROWER. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "accounts.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Account"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description A problem; among others CURSOR_INVALID. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "accounts.invite": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Format: email */
                    email: string;
                    /** @enum {string} */
                    role: "owner" | "admin" | "operator" | "developer" | "viewer" | "security";
                    /** @default 604800 */
                    ttlSeconds?: number | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Invitation"];
                };
            };
            /** @description A problem; among others ACCOUNT_EXISTS, ACCOUNTS_FULL, ABOVE_YOURSELF. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "accounts.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
            /** @description A problem; among others ACCOUNT_NOT_FOUND. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "accounts.inviteAgain": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @default 604800 */
                    ttlSeconds?: number | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Invitation"];
                };
            };
            /** @description A problem; among others ACCOUNT_NOT_FOUND, ACCOUNT_NOT_INVITED, ABOVE_YOURSELF. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "accounts.setRole": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {string} */
                    role: "owner" | "admin" | "operator" | "developer" | "viewer" | "security";
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
            /** @description A problem; among others ACCOUNT_NOT_FOUND, LAST_OWNER, ABOVE_YOURSELF. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "accounts.setPlatform": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    platform: boolean;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
            /** @description A problem; among others ACCOUNT_NOT_FOUND, ACCOUNT_OWN, LAST_PLATFORM_OPERATOR, PLATFORM_ELSEWHERE. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "accounts.resetSecondFactor": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
            /** @description A problem; among others ACCOUNT_NOT_FOUND, ACCOUNT_OWN. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "accounts.act": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
                action: "disable" | "enable" | "end-sessions";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
            /** @description A problem; among others ACCOUNT_NOT_FOUND, ACCOUNT_OWN, LAST_OWNER, ABOVE_YOURSELF. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "sessions.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                of?: ("own" | "all") | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Session"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description A problem; among others CURSOR_INVALID. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "sessions.end": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem; among others SESSION_NOT_FOUND, ABOVE_YOURSELF. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "sessions.endOthers": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        ended: number;
                    };
                };
            };
            /** @description A problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "secondFactor.show": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        on: boolean;
                        recoveryCodesLeft: number;
                    };
                };
            };
            /** @description A problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "secondFactor.begin": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    password: string;
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewSecondFactor"];
                };
            };
            /** @description A problem; among others SESSION_NEEDED, PASSWORD_WRONG, SECOND_FACTOR_ON, AUTH_LOCKED_OUT. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "secondFactor.confirm": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    code: string;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryCodes"];
                };
            };
            /** @description A problem; among others SESSION_NEEDED, SECOND_FACTOR_WRONG, SECOND_FACTOR_OFF, AUTH_LOCKED_OUT. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "secondFactor.newRecoveryCodes": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    code: string;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryCodes"];
                };
            };
            /** @description A problem; among others SESSION_NEEDED, SECOND_FACTOR_WRONG, SECOND_FACTOR_OFF, AUTH_LOCKED_OUT. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "secondFactor.remove": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    code: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem; among others SESSION_NEEDED, SECOND_FACTOR_WRONG, SECOND_FACTOR_OFF, AUTH_LOCKED_OUT. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "providers.list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Provider"][];
                    };
                };
            };
            /** @description A problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "providers.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @constant */
                    kind: "oidc";
                    name: string;
                    /** @default groups */
                    groupsClaim?: string | undefined;
                    roles: {
                        group: string;
                        /** @enum {string} */
                        role: "owner" | "admin" | "operator" | "developer" | "viewer" | "security";
                    }[];
                    /** @default false */
                    linkByEmail?: boolean | undefined;
                    /** @default false */
                    trustEmail?: boolean | undefined;
                    /** Format: uri */
                    issuer: string;
                    clientId: string;
                    clientSecret: string;
                    /** @default openid email profile */
                    scopes?: string | undefined;
                } | {
                    /** @constant */
                    kind: "jwt";
                    name: string;
                    /** @default app_metadata.role */
                    groupsClaim?: string | undefined;
                    roles: {
                        group: string;
                        /** @enum {string} */
                        role: "owner" | "admin" | "operator" | "developer" | "viewer" | "security";
                    }[];
                    /** @default false */
                    linkByEmail?: boolean | undefined;
                    /** @default false */
                    trustEmail?: boolean | undefined;
                    /** Format: uri */
                    issuer: string;
                    audience: string;
                    /** Format: uri */
                    keysUrl?: string | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Provider"];
                };
            };
            /** @description A problem; among others PROVIDERS_FULL, PROVIDER_EXISTS, PROVIDER_UNUSABLE, OUTBOUND_REFUSED, OUTBOUND_FAILED, OUTBOUND_TIMEOUT. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "providers.change": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name?: string | undefined;
                    groupsClaim?: string | undefined;
                    roles?: {
                        group: string;
                        /** @enum {string} */
                        role: "owner" | "admin" | "operator" | "developer" | "viewer" | "security";
                    }[] | undefined;
                    linkByEmail?: boolean | undefined;
                    trustEmail?: boolean | undefined;
                    clientSecret?: string | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Provider"];
                };
            };
            /** @description A problem; among others PROVIDER_NOT_FOUND, PROVIDER_WITHOUT_SECRET. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "providers.remove": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem; among others PROVIDER_NOT_FOUND. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "signOn.providers": {
        parameters: {
            query?: {
                tenant?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: {
                            /** Format: uuid */
                            id: string;
                            name: string;
                        }[];
                    };
                };
            };
            /** @description A problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "signOn.begin": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Format: uuid */
                    provider: string;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        url: string;
                    };
                };
            };
            /** @description A problem; among others PROVIDER_NOT_FOUND, PROVIDER_UNUSABLE, OUTBOUND_REFUSED, OUTBOUND_FAILED, OUTBOUND_TIMEOUT. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "signOn.complete": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    query: string;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description A problem; among others SIGN_ON_UNKNOWN, SIGN_ON_FAILED, SIGN_ON_NO_ROLE, SIGN_ON_EMAIL_UNVERIFIED, SIGN_ON_EMAIL_TAKEN, SIGN_ON_DISABLED, ACCOUNTS_FULL. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "signOn.leave": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        url: string | null;
                    };
                };
            };
            /** @description A problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "apiKeys.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                of?: ("own" | "all") | undefined;
                ended?: ("true" | "false") | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ApiKey"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description A problem; among others CURSOR_INVALID. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "apiKeys.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    /** @enum {string} */
                    role?: ("owner" | "admin" | "operator" | "developer" | "viewer" | "security") | undefined;
                    scopes?: ("self:read" | "self:write" | "jobs:read" | "jobs:write" | "jobs:review" | "workflows:read" | "workflows:write" | "schedules:read" | "schedules:write" | "alerts:read" | "alerts:write" | "agents:read" | "agents:write" | "secrets:read" | "secrets:write" | "tokens:read" | "tokens:write" | "trust:read" | "trust:write" | "audit:read" | "accounts:read" | "accounts:write" | "accounts:recover" | "providers:write" | "tenant:read" | "tenant:write" | "platform:read" | "platform:write")[] | undefined;
                    /** @default false */
                    platform?: boolean | undefined;
                    ttlSeconds?: number | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewApiKey"];
                };
            };
            /** @description A problem; among others ABOVE_YOURSELF, SCOPE_OUTSIDE_ROLE, KEYS_FULL. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "apiKeys.revoke": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem; among others KEY_NOT_FOUND, ABOVE_YOURSELF. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "agents.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Agent"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description A problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "agents.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Agent"];
                };
            };
            /** @description A problem; among others AGENT_NOT_FOUND. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "agents.act": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
                action: "approve" | "pause" | "resume" | "drain" | "lock" | "unlock" | "decommission";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Agent"];
                };
            };
            /** @description A problem; among others AGENT_NOT_FOUND, AGENT_WRONG_STATE, AGENT_LOCK_HELD. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "joinTokens.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["JoinToken"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description A problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "joinTokens.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    site?: string | undefined;
                    /** @default [] */
                    tags?: string[] | undefined;
                    /** @default 1 */
                    uses?: number | undefined;
                    /** @default 900 */
                    ttlSeconds?: number | undefined;
                    /** @default false */
                    autoApprove?: boolean | undefined;
                    /** @default [] */
                    hosts?: string[] | undefined;
                    /** @default [] */
                    networks?: (string)[] | undefined;
                    /** @default false */
                    ephemeral?: boolean | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewJoinToken"];
                };
            };
            /** @description A problem; among others TOKEN_TOO_POWERFUL. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "joinTokens.revoke": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem; among others TOKEN_NOT_FOUND. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "workflows.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["WorkflowVersion"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description A problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "workflows.push": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": string | {
                    [key: string]: components["schemas"]["Json"];
                };
                "application/yaml": string;
                "application/x-yaml": string;
                "text/yaml": string;
                "text/plain": string;
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkflowVersion"];
                };
            };
            /** @description A problem; among others WORKFLOW_INVALID, WORKFLOW_VERSION_EXISTS. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "workflows.validate": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": string | {
                    [key: string]: components["schemas"]["Json"];
                };
                "application/yaml": string;
                "application/x-yaml": string;
                "text/yaml": string;
                "text/plain": string;
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Validation"];
                };
            };
            /** @description A problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "workflows.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkflowVersionDetail"];
                };
            };
            /** @description A problem; among others WORKFLOW_NOT_FOUND. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "workflows.sign": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SignatureEnvelope"];
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkflowVersion"];
                };
            };
            /** @description A problem; among others WORKFLOW_NOT_FOUND, SIGNATURE_MALFORMED, SIGNATURE_OTHER_WORKFLOW, SIGNATURE_OTHER_CONTENT. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "workflows.versions": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
            } | undefined;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["WorkflowVersion"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description A problem; among others WORKFLOW_NOT_FOUND. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "secrets.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Secret"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description A problem; among others CURSOR_INVALID. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "secrets.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Secret"];
                };
            };
            /** @description A problem; among others SECRET_NOT_FOUND. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "secrets.set": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    value?: (string | {
                        [key: string]: string;
                    }) | undefined;
                    description?: string | undefined;
                    allowedSteps?: (string[] | null) | undefined;
                    allowedOrigins?: (string[] | null) | undefined;
                    rotateAfterDays?: (number | null) | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Secret"];
                };
            };
            /** @description A problem; among others SECRET_NOT_FOUND, SECRET_VALUE_NEEDED, SECRETS_FULL. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "secrets.delete": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem; among others SECRET_NOT_FOUND. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "secrets.versions": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
            } | undefined;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["SecretVersion"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description A problem; among others SECRET_NOT_FOUND, CURSOR_INVALID. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "secrets.deleteVersion": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
                version: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem; among others SECRET_NOT_FOUND, SECRET_VERSION_IN_USE. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "secrets.rotateMaster": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    to?: string | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MasterRotation"];
                };
            };
            /** @description A problem; among others MASTER_KEY_SAME, MASTER_ROTATION_OTHER. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "jobs.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                state?: ("pending" | "leased" | "running" | "paused" | "cancelling" | "succeeded" | "failed" | "timed_out" | "needs_review" | "cancelled") | undefined;
                workflow?: string | undefined;
                agent?: string | undefined;
                since?: string | undefined;
                q?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Job"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description A problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "jobs.submit": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    workflow: string;
                    input?: components["schemas"]["Json"] | undefined;
                    /** @default 50 */
                    priority?: number | undefined;
                    /** @default [] */
                    requires?: string[] | undefined;
                    site?: string | undefined;
                    agent?: string | undefined;
                    /** Format: date-time */
                    notBefore?: string | undefined;
                    /** Format: date-time */
                    deadline?: string | undefined;
                    concurrency?: {
                        key: string;
                        /** @default 1 */
                        limit?: number | undefined;
                    } | undefined;
                    concurrencyKey?: string | undefined;
                    /** @default 10 */
                    maxAttempts?: number | undefined;
                    retry?: {
                        attempts?: number | undefined;
                        backoffMs?: number | undefined;
                        factor?: number | undefined;
                        maxBackoffMs?: number | undefined;
                        jitter?: number | undefined;
                    } | undefined;
                    timeoutMs?: number | undefined;
                    attemptTimeoutMs?: number | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description A problem; among others WORKFLOW_NOT_FOUND, JOB_INPUT_INVALID, IDEMPOTENCY_CONFLICT, SUBMITS_BUSY. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "jobs.submitBulk": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    jobs: {
                        workflow: string;
                        input?: components["schemas"]["Json"] | undefined;
                        /** @default 50 */
                        priority?: number | undefined;
                        /** @default [] */
                        requires?: string[] | undefined;
                        site?: string | undefined;
                        agent?: string | undefined;
                        /** Format: date-time */
                        notBefore?: string | undefined;
                        /** Format: date-time */
                        deadline?: string | undefined;
                        concurrency?: {
                            key: string;
                            /** @default 1 */
                            limit?: number | undefined;
                        } | undefined;
                        concurrencyKey?: string | undefined;
                        /** @default 10 */
                        maxAttempts?: number | undefined;
                        retry?: {
                            attempts?: number | undefined;
                            backoffMs?: number | undefined;
                            factor?: number | undefined;
                            maxBackoffMs?: number | undefined;
                            jitter?: number | undefined;
                        } | undefined;
                        timeoutMs?: number | undefined;
                        attemptTimeoutMs?: number | undefined;
                    }[];
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobIds"];
                };
            };
            /** @description A problem; among others WORKFLOW_NOT_FOUND, JOB_INPUT_INVALID, IDEMPOTENCY_CONFLICT, SUBMITS_BUSY. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "jobs.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description A problem; among others JOB_NOT_FOUND. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "jobs.attempts": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
            } | undefined;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Attempt"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description A problem; among others JOB_NOT_FOUND. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "jobs.steps": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
            } | undefined;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Step"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description A problem; among others JOB_NOT_FOUND. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "jobs.logs": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
            } | undefined;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["LogLine"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description A problem; among others JOB_NOT_FOUND. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "jobs.artifacts": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
            } | undefined;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Artifact"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description A problem; among others JOB_NOT_FOUND. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "jobs.record": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bytes. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": unknown;
                };
            };
            /** @description A problem; among others JOB_NOT_FOUND, RECORDS_BUSY. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "jobs.whyPending": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhyPending"];
                };
            };
            /** @description A problem; among others JOB_NOT_FOUND. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "jobs.cancel": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description A problem; among others JOB_NOT_FOUND, JOB_WRONG_STATE. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "jobs.retry": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description A problem; among others JOB_NOT_FOUND, JOB_WRONG_STATE. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "jobs.review": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {string} */
                    decision: "continue" | "retry" | "succeed" | "fail";
                    output?: components["schemas"]["Json"] | undefined;
                    reason: string;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description A problem; among others JOB_NOT_FOUND, JOB_WRONG_STATE, ATTEMPT_MAY_ACT. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "deadLetters.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                reason?: ("permanent" | "ambiguous" | "exhausted") | undefined;
                workflow?: string | undefined;
                code?: string | undefined;
                since?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["DeadLetter"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description A problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "deadLetters.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetterDetails"];
                };
            };
            /** @description A problem; among others DEAD_LETTER_NOT_FOUND. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "deadLetters.retry": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    ids: string[];
                } | {
                    filter: {
                        /** @enum {string} */
                        reason?: ("permanent" | "ambiguous" | "exhausted") | undefined;
                        workflow?: string | undefined;
                        code?: string | undefined;
                        /** Format: date-time */
                        since?: string | undefined;
                    };
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLettersDone"];
                };
            };
            /** @description A problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "deadLetters.purge": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    ids: string[];
                } | {
                    filter: {
                        /** @enum {string} */
                        reason?: ("permanent" | "ambiguous" | "exhausted") | undefined;
                        workflow?: string | undefined;
                        code?: string | undefined;
                        /** Format: date-time */
                        since?: string | undefined;
                    };
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLettersDone"];
                };
            };
            /** @description A problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "artifacts.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bytes. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": unknown;
                };
            };
            /** @description A problem; among others ARTIFACT_NOT_FOUND, ARTIFACT_FILE_MISSING, ARTIFACT_FILE_DAMAGED, ARTIFACT_STORE_UNREACHABLE, RANGE_NOT_SATISFIABLE, PRECONDITION_FAILED. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "artifacts.link": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @default 300 */
                    ttlSeconds?: number | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ArtifactLink"];
                };
            };
            /** @description A problem; among others ARTIFACT_NOT_FOUND, TENANT_SUSPENDED. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "artifacts.linked": {
        parameters: {
            query?: {
                token?: string | undefined;
            } | undefined;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bytes. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": unknown;
                };
            };
            /** @description A problem; among others ARTIFACT_LINK_INVALID, ARTIFACT_NOT_FOUND, ARTIFACT_FILE_MISSING, ARTIFACT_FILE_DAMAGED, ARTIFACT_STORE_UNREACHABLE, RANGE_NOT_SATISFIABLE, PRECONDITION_FAILED. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "routes.list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Route"][];
                    };
                };
            };
            /** @description A problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "routes.act": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
                action: "pause" | "resume";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Route"];
                };
            };
            /** @description A problem; among others ROUTE_UNKNOWN, CLOSURES_FULL. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "maintenance.list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["MaintenanceWindow"][];
                    };
                };
            };
            /** @description A problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "maintenance.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {string} */
                    scope: "route" | "site" | "agent";
                    target: string;
                    reason: string;
                    times: {
                        /** @constant */
                        kind: "always";
                    } | {
                        /** @constant */
                        kind: "once";
                        /** Format: date-time */
                        from: string;
                        /** Format: date-time */
                        to: string;
                    } | {
                        /** @constant */
                        kind: "weekly";
                        days: number[];
                        start: string;
                        minutes: number;
                        timeZone: string;
                    };
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MaintenanceWindow"];
                };
            };
            /** @description A problem; among others CLOSURES_FULL, CLOSURE_EXISTS. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "maintenance.remove": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem; among others CLOSURE_NOT_FOUND. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "schedules.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                name?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Schedule"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description A problem; among others CURSOR_INVALID. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "schedules.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    cron: string;
                    /** @default UTC */
                    timeZone?: string | undefined;
                    job: components["schemas"]["ScheduledJob"];
                    /**
                     * @default skip
                     * @enum {string}
                     */
                    overlap?: ("skip" | "queue" | "cancel") | undefined;
                    /**
                     * @default {
                     *       "kind": "none"
                     *     }
                     */
                    catchUp?: ({
                        /** @constant */
                        kind: "none";
                    } | {
                        /** @constant */
                        kind: "last";
                    } | {
                        /** @constant */
                        kind: "all";
                        /** @default 10 */
                        limit?: number | undefined;
                    }) | undefined;
                    /** @default true */
                    enabled?: boolean | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Schedule"];
                };
            };
            /** @description A problem; among others SCHEDULE_EXISTS, SCHEDULE_CRON_INVALID, WORKFLOW_NOT_FOUND, JOB_INPUT_INVALID, SCHEDULES_FULL. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "schedules.preview": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    cron: string;
                    /** @default UTC */
                    timeZone?: string | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        nextRuns: string[];
                    };
                };
            };
            /** @description A problem; among others SCHEDULE_CRON_INVALID. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "schedules.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Schedule"];
                };
            };
            /** @description A problem; among others SCHEDULE_NOT_FOUND. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "schedules.update": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    cron: string;
                    /** @default UTC */
                    timeZone?: string | undefined;
                    job: components["schemas"]["ScheduledJob"];
                    /**
                     * @default skip
                     * @enum {string}
                     */
                    overlap?: ("skip" | "queue" | "cancel") | undefined;
                    /**
                     * @default {
                     *       "kind": "none"
                     *     }
                     */
                    catchUp?: ({
                        /** @constant */
                        kind: "none";
                    } | {
                        /** @constant */
                        kind: "last";
                    } | {
                        /** @constant */
                        kind: "all";
                        /** @default 10 */
                        limit?: number | undefined;
                    }) | undefined;
                    /** @default true */
                    enabled?: boolean | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Schedule"];
                };
            };
            /** @description A problem; among others SCHEDULE_NOT_FOUND, SCHEDULE_EXISTS, SCHEDULE_CRON_INVALID, WORKFLOW_NOT_FOUND, JOB_INPUT_INVALID. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "schedules.remove": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem; among others SCHEDULE_NOT_FOUND. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "schedules.firings": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
            } | undefined;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Firing"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description A problem; among others SCHEDULE_NOT_FOUND, CURSOR_INVALID. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "schedules.trigger": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Firing"];
                };
            };
            /** @description A problem; among others SCHEDULE_NOT_FOUND, SCHEDULE_STILL_RUNNING, WORKFLOW_NOT_FOUND, JOB_INPUT_INVALID. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "schedules.act": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
                action: "enable" | "disable";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Schedule"];
                };
            };
            /** @description A problem; among others SCHEDULE_NOT_FOUND. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "alertChannels.list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["AlertChannel"][];
                    };
                };
            };
            /** @description A problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "alertChannels.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @constant */
                    kind: "email";
                    name: string;
                    to: string[];
                } | {
                    /** @constant */
                    kind: "webhook";
                    name: string;
                    /** Format: uri */
                    url: string;
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewAlertChannel"];
                };
            };
            /** @description A problem; among others ALERT_CHANNEL_EXISTS, ALERT_CHANNELS_FULL, MAIL_NOT_SET_UP. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "alertChannels.test": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        delivered: boolean;
                        reason: string | null;
                    };
                };
            };
            /** @description A problem; among others ALERT_CHANNEL_NOT_FOUND. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "alertChannels.remove": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem; among others ALERT_CHANNEL_NOT_FOUND. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "alertRules.list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["AlertRule"][];
                    };
                };
            };
            /** @description A problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "alertRules.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @constant */
                    kind: "job.failed";
                    name: string;
                    channels: string[];
                    /** @default false */
                    cleared?: boolean | undefined;
                    /** @default true */
                    enabled?: boolean | undefined;
                    workflow?: string | undefined;
                } | {
                    /** @constant */
                    kind: "job.needs_review";
                    name: string;
                    channels: string[];
                    /** @default false */
                    cleared?: boolean | undefined;
                    /** @default true */
                    enabled?: boolean | undefined;
                    workflow?: string | undefined;
                } | {
                    /** @constant */
                    kind: "agent.offline";
                    name: string;
                    channels: string[];
                    /** @default false */
                    cleared?: boolean | undefined;
                    /** @default true */
                    enabled?: boolean | undefined;
                    /** @default 10 */
                    minutes?: number | undefined;
                } | {
                    /** @constant */
                    kind: "certificate.expiring";
                    name: string;
                    channels: string[];
                    /** @default false */
                    cleared?: boolean | undefined;
                    /** @default true */
                    enabled?: boolean | undefined;
                    /** @default 14 */
                    days?: number | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlertRule"];
                };
            };
            /** @description A problem; among others ALERT_RULE_EXISTS, ALERT_RULES_FULL, ALERT_CHANNEL_NOT_FOUND. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "alertRules.remove": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem; among others ALERT_RULE_NOT_FOUND. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "alertRules.act": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
                action: "enable" | "disable";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlertRule"];
                };
            };
            /** @description A problem; among others ALERT_RULE_NOT_FOUND. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "alerts.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                open?: ("true" | "false") | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Alert"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description A problem; among others CURSOR_INVALID. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "events.stream": {
        parameters: {
            query?: {
                job?: string | undefined;
                lastEventId?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Server-sent events. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": unknown;
                };
            };
            /** @description A problem; among others CURSOR_INVALID, LIVE_TOO_MANY. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "trust.status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TrustStatus"];
                };
            };
            /** @description A problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "trust.bundle": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Bundle"];
                };
            };
            /** @description A problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "trust.expirations": {
        parameters: {
            query?: {
                within?: number | undefined;
                limit?: number | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Expiration"][];
                        more: boolean;
                    };
                };
            };
            /** @description A problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "trust.certificates": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                agent?: string | undefined;
                state?: ("pending" | "current" | "superseded" | "revoked") | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Certificate"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description A problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "trust.certificate": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                serial: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Certificate"];
                };
            };
            /** @description A problem; among others CERTIFICATE_NOT_FOUND. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "trust.revoke": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                serial: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    reason: string;
                    ifRev?: number | undefined;
                    /** @default false */
                    dryRun?: boolean | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Certificate"];
                };
            };
            /** @description A problem; among others CERTIFICATE_NOT_FOUND, TRUST_CHANGED. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "locks.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                held?: ("true" | "false") | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Lock"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description A problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "locks.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {string} */
                    kind: "agent" | "tenant" | "serial" | "ca";
                    target: string;
                    reason: string;
                    ttlSeconds?: number | undefined;
                    ifRev?: number | undefined;
                    /** @default false */
                    dryRun?: boolean | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Lock"];
                };
            };
            /** @description A problem; among others LOCK_TARGET_NOT_FOUND, LOCK_TARGET_WRONG_STATE, LOCKS_FULL, TRUST_CHANGED, OPERATOR_ONLY. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "locks.lift": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    reason?: string | undefined;
                    ifRev?: number | undefined;
                    /** @default false */
                    dryRun?: boolean | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Lock"];
                };
            };
            /** @description A problem; among others LOCK_NOT_FOUND, TRUST_CHANGED, OPERATOR_ONLY. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "rotations.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Rotation"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description A problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "rotations.start": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {string} */
                    kind: "server_root" | "agent_root" | "server_ca" | "agent_ca";
                    /** @default false */
                    emergency?: boolean | undefined;
                    /** @default false */
                    automatic?: boolean | undefined;
                    /** @default 30 */
                    seenDays?: number | undefined;
                    /** Format: uuid */
                    authority?: string | undefined;
                    /** @default  */
                    reason?: string | undefined;
                    ifRev?: number | undefined;
                    /** @default false */
                    dryRun?: boolean | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rotation"];
                };
            };
            /** @description A problem; among others ROTATION_OPEN, ROOT_OFFLINE, AUTHORITY_NOT_FOUND, EMERGENCY_NEEDS_ROOT, SIGNER_DOWN, TRUST_CHANGED, OPERATOR_ONLY. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "rotations.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rotation"];
                };
            };
            /** @description A problem; among others ROTATION_NOT_FOUND. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "rotations.stragglers": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                leftBehind?: ("true" | "false") | undefined;
            } | undefined;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Straggler"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description A problem; among others ROTATION_NOT_FOUND. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "rotations.advance": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @default false */
                    leaveStragglers?: boolean | undefined;
                    /** @enum {string} */
                    from?: ("standby" | "prepare" | "issue" | "serve" | "retire" | "rollback") | undefined;
                    ifRev?: number | undefined;
                    /** @default false */
                    dryRun?: boolean | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rotation"];
                };
            };
            /** @description A problem; among others ROTATION_NOT_FOUND, ROTATION_GATE_UNMET, ROTATION_ENDED, SIGNER_DOWN, TRUST_CHANGED, OPERATOR_ONLY. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "rotations.rollback": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    reason: string;
                    /** @enum {string} */
                    from?: ("standby" | "prepare" | "issue" | "serve" | "retire" | "rollback") | undefined;
                    ifRev?: number | undefined;
                    /** @default false */
                    dryRun?: boolean | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rotation"];
                };
            };
            /** @description A problem; among others ROTATION_NOT_FOUND, ROTATION_TOO_LATE, ROTATION_ENDED, SIGNER_DOWN, TRUST_CHANGED, OPERATOR_ONLY. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "authorities.list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["AuthorityRequest"][];
                    };
                };
            };
            /** @description A problem; among others OPERATOR_ONLY. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "authorities.request": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {string} */
                    kind: "server_ca" | "agent_ca";
                    tenant?: string | undefined;
                    ifRev?: number | undefined;
                    /** @default false */
                    dryRun?: boolean | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuthorityRequest"];
                };
            };
            /** @description A problem; among others SIGNER_DOWN, OPERATOR_ONLY, TENANT_NOT_FOUND, AUTHORITY_REQUESTS_FULL, TRUST_CHANGED. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "authorities.import": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    certificatePem: string;
                    ifRev?: number | undefined;
                    /** @default false */
                    dryRun?: boolean | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Authority"];
                };
            };
            /** @description A problem; among others AUTHORITY_REQUEST_NOT_FOUND, AUTHORITY_CERTIFICATE_REFUSED, OPERATOR_ONLY, TRUST_CHANGED. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "tenants.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["TenantSummary"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description A problem; among others CURSOR_INVALID. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "tenants.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    id: string;
                    name: string;
                    /** Format: email */
                    owner: string;
                    /** @default 604800 */
                    ttlSeconds?: number | undefined;
                    /** @default {} */
                    quotas?: {
                        agents?: (number | null) | undefined;
                        concurrentJobs?: (number | null) | undefined;
                        queuedJobs?: (number | null) | undefined;
                        storedBytes?: (number | null) | undefined;
                    } | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewTenant"];
                };
            };
            /** @description A problem; among others TENANT_EXISTS, ACCOUNT_EXISTS, ROOT_OFFLINE. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "tenants.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            /** @description A problem; among others TENANT_NOT_FOUND. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "tenants.delete": {
        parameters: {
            query?: {
                confirm?: string | undefined;
            } | undefined;
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deletion"];
                };
            };
            /** @description A problem; among others TENANT_NOT_FOUND, TENANT_WRONG_STATE, TENANT_IS_OPERATORS, DELETION_NOT_CONFIRMED. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "tenants.suspend": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    reason: string;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            /** @description A problem; among others TENANT_NOT_FOUND, TENANT_WRONG_STATE, TENANT_IS_OPERATORS. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "tenants.resume": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            /** @description A problem; among others TENANT_NOT_FOUND, TENANT_WRONG_STATE. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "tenants.setQuotas": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    agents?: (number | null) | undefined;
                    concurrentJobs?: (number | null) | undefined;
                    queuedJobs?: (number | null) | undefined;
                    storedBytes?: (number | null) | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            /** @description A problem; among others TENANT_NOT_FOUND. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "tenants.setRetention": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    jobsDays?: (number | null) | undefined;
                    logsDays?: (number | null) | undefined;
                    artifactsDays?: (number | null) | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            /** @description A problem; among others TENANT_NOT_FOUND. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "tenants.export": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bytes. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": unknown;
                };
            };
            /** @description A problem; among others TENANT_NOT_FOUND. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "tenants.deletion": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deletion"];
                };
            };
            /** @description A problem; among others DELETION_NOT_FOUND. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "tenant.get": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            /** @description A problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "tenant.setRetention": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    jobsDays?: (number | null) | undefined;
                    logsDays?: (number | null) | undefined;
                    artifactsDays?: (number | null) | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            /** @description A problem. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
