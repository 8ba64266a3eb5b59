Feature: Retries
  A caught error is tried again as the policy says: with which delay, and how often.

  Scenario: Constant delay
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: retry-constant, version: '1.0.0' }
      do:
        - tried:
            try:
              - ask: { call: http, with: { method: get, endpoint: https://flaky.example/x } }
            catch:
              errors: { with: { status: 503 } }
              retry: { delay: PT2S, backoff: { constant: {} }, limit: { attempt: { count: 5 } } }
      """
    And the server answers GET flaky.example/x with:
      """yaml
      [{ status: 503 }, { status: 503 }, { status: 503 }, { body: { ok: true } }]
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      ok: true
      """
    And the workflow should have waited for:
      """yaml
      [2000, 2000, 2000]
      """

  Scenario: Linear backoff
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: retry-linear, version: '1.0.0' }
      do:
        - tried:
            try:
              - ask: { call: http, with: { method: get, endpoint: https://flaky.example/x } }
            catch:
              errors: { with: { status: 503 } }
              retry: { delay: PT2S, backoff: { linear: {} }, limit: { attempt: { count: 5 } } }
      """
    And the server answers GET flaky.example/x with:
      """yaml
      [{ status: 503 }, { status: 503 }, { status: 503 }, { body: { ok: true } }]
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      ok: true
      """
    And the workflow should have waited for:
      """yaml
      [2000, 4000, 6000]
      """

  Scenario: Exponential backoff
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: retry-exponential, version: '1.0.0' }
      do:
        - tried:
            try:
              - ask: { call: http, with: { method: get, endpoint: https://flaky.example/x } }
            catch:
              errors: { with: { status: 503 } }
              retry: { delay: PT2S, backoff: { exponential: {} }, limit: { attempt: { count: 5 } } }
      """
    And the server answers GET flaky.example/x with:
      """yaml
      [{ status: 503 }, { status: 503 }, { status: 503 }, { status: 503 }, { body: { ok: true } }]
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      ok: true
      """
    And the workflow should have waited for:
      """yaml
      [2000, 4000, 8000, 16000]
      """

  Scenario: Jitter on top of the delay
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: retry-jitter, version: '1.0.0' }
      do:
        - tried:
            try:
              - ask: { call: http, with: { method: get, endpoint: https://flaky.example/x } }
            catch:
              errors: { with: { status: 503 } }
              retry: { delay: PT2S, jitter: { from: PT1S, to: PT3S }, limit: { attempt: { count: 5 } } }
      """
    And the server answers GET flaky.example/x with:
      """yaml
      [{ status: 503 }, { status: 503 }, { body: { ok: true } }]
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      ok: true
      """
    And the workflow should have waited for:
      """yaml
      [4000, 4000]
      """

  Scenario: No delay at all
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: retry-no, version: '1.0.0' }
      do:
        - tried:
            try:
              - ask: { call: http, with: { method: get, endpoint: https://flaky.example/x } }
            catch:
              errors: { with: { status: 503 } }
              retry: { limit: { attempt: { count: 2 } } }
      """
    And the server answers GET flaky.example/x with:
      """yaml
      [{ status: 503 }, { status: 503 }, { body: { ok: true } }]
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      ok: true
      """
    And the workflow should have waited for:
      """yaml
      [0, 0]
      """

  Scenario: A policy by its name
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: retry-named, version: '1.0.0' }
      use: { retries: { patient: { delay: PT10S, limit: { attempt: { count: 1 } } } } }
      do:
        - tried:
            try:
              - ask: { call: http, with: { method: get, endpoint: https://flaky.example/x } }
            catch:
              errors: { with: { status: 503 } }
              retry: patient
      """
    And the server answers GET flaky.example/x with:
      """yaml
      [{ status: 503 }, { body: { ok: true } }]
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      ok: true
      """
    And the workflow should have waited for:
      """yaml
      [10000]
      """

  Scenario: Limited by a count: the error is thrown on
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: retry-count, version: '1.0.0' }
      do:
        - tried:
            try:
              - ask: { call: http, with: { method: get, endpoint: https://flaky.example/x } }
            catch:
              errors: { with: { status: 503 } }
              retry: { delay: PT1S, limit: { attempt: { count: 2 } } }
      """
    And the server answers GET flaky.example/x with:
      """yaml
      [{ status: 503 }, { status: 503 }, { status: 503 }, { status: 503 }, { status: 503 }, { status: 503 }, { status: 503 }, { status: 503 }, { status: 503 }, { body: { ok: true } }]
      """
    When the workflow is executed
    Then the workflow should fault with error:
      """yaml
      status: 503
      instance: /do/0/tried/try/0/ask
      """
    And the workflow should have waited for:
      """yaml
      [1000, 1000]
      """

  Scenario: Limited by a duration of all attempts
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: retry-duration, version: '1.0.0' }
      do:
        - tried:
            try:
              - ask: { call: http, with: { method: get, endpoint: https://flaky.example/x } }
            catch:
              errors: { with: { status: 503 } }
              retry: { delay: PT10S, limit: { duration: PT25S } }
      """
    And the server answers GET flaky.example/x with:
      """yaml
      [{ status: 503 }, { status: 503 }, { status: 503 }, { status: 503 }, { status: 503 }, { status: 503 }, { status: 503 }, { status: 503 }, { status: 503 }, { body: { ok: true } }]
      """
    When the workflow is executed
    Then the workflow should fault with error:
      """yaml
      status: 503
      """
    And the workflow should have waited for:
      """yaml
      [10000, 10000]
      """

  Scenario: Limited by a duration of each attempt
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: retry-attempt, version: '1.0.0' }
      do:
        - tried:
            try: [ { slow: { wait: '${ .first }' } } ]
            catch:
              errors: { with: { status: 408 } }
              retry: { limit: { attempt: { count: 1, duration: PT5S } } }
              do: [ { tell: { set: { late: true } } } ]
      """
    And given the workflow input is:
      """yaml
      first: PT1M
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      late: true
      """
    And the workflow should have waited for:
      """yaml
      [60000, 0, 60000]
      """

  Scenario: Only when a condition holds
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: retry-when, version: '1.0.0' }
      do:
        - tried:
            try:
              - ask: { call: http, with: { method: get, endpoint: https://flaky.example/x } }
            catch:
              errors: { with: { status: 503 } }
              retry: { when: '$error.status == 500', delay: PT1S, limit: { attempt: { count: 3 } } }
      """
    And the server answers GET flaky.example/x with:
      """yaml
      [{ status: 503 }, { status: 503 }, { body: { ok: true } }]
      """
    When the workflow is executed
    Then the workflow should fault with error:
      """yaml
      status: 503
      """
    And the workflow should have waited for:
      """yaml
      []
      """

  Scenario: Except when a condition holds
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: retry-except, version: '1.0.0' }
      do:
        - tried:
            try:
              - ask: { call: http, with: { method: get, endpoint: https://flaky.example/x } }
            catch:
              errors: { with: { status: 503 } }
              retry: { exceptWhen: '$error.status == 503', delay: PT1S, limit: { attempt: { count: 3 } } }
      """
    And the server answers GET flaky.example/x with:
      """yaml
      [{ status: 503 }, { status: 503 }, { body: { ok: true } }]
      """
    When the workflow is executed
    Then the workflow should fault with error:
      """yaml
      status: 503
      """
    And the workflow should have waited for:
      """yaml
      []
      """

  Scenario: Used up, then handled
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: retry-handled, version: '1.0.0' }
      do:
        - tried:
            try:
              - ask: { call: http, with: { method: get, endpoint: https://flaky.example/x } }
            catch:
              errors: { with: { status: 503 } }
              retry: { delay: PT1S, limit: { attempt: { count: 1 } } }
              as: err
              do: [ { tell: { set: { gave: '${ $err.status }' } } } ]
      """
    And the server answers GET flaky.example/x with:
      """yaml
      [{ status: 503 }, { status: 503 }, { status: 503 }, { status: 503 }, { status: 503 }, { status: 503 }, { status: 503 }, { status: 503 }, { status: 503 }, { body: { ok: true } }]
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      gave: 503
      """
    And the workflow should have waited for:
      """yaml
      [1000]
      """
