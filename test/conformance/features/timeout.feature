Feature: Timeouts
  Whatever takes longer than its document allows is stopped, at every level, and is an error 408 there.

  Scenario: Of a task
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: timeout-task, version: '1.0.0' }
      do:
        - slow:
            timeout: { after: { seconds: 5 } }
            wait: { minutes: 1 }
      """
    When the workflow is executed
    Then the workflow should fault with error:
      """yaml
      type: https://open-workflow-specification.org/spec/1.0.0/errors/timeout
      status: 408
      instance: /do/0/slow
      """

  Scenario: Of a task by the name of a timeout
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: timeout-named, version: '1.0.0' }
      use: { timeouts: { short: { after: PT5S } } }
      do:
        - slow: { timeout: short, wait: { minutes: 1 } }
      """
    When the workflow is executed
    Then the workflow should fault with error:
      """yaml
      status: 408
      instance: /do/0/slow
      """

  Scenario: Of a task around others
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: timeout-around, version: '1.0.0' }
      do:
        - outer:
            timeout: { after: { seconds: 5 } }
            do:
              - quick: { wait: { seconds: 4 } }
              - slow: { wait: { seconds: 4 } }
      """
    When the workflow is executed
    Then the workflow should fault with error:
      """yaml
      status: 408
      instance: /do/0/outer
      """

  Scenario: Of a call
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: timeout-call, version: '1.0.0' }
      do:
        - ask:
            timeout: { after: { seconds: 3 } }
            call: http
            with: { method: get, endpoint: https://slow.example/answer }
      """
    And the server never answers GET slow.example/answer
    When the workflow is executed
    Then the workflow should fault with error:
      """yaml
      type: https://open-workflow-specification.org/spec/1.0.0/errors/timeout
      status: 408
      instance: /do/0/ask
      """

  Scenario: Of the workflow
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: timeout-workflow, version: '1.0.0' }
      timeout: { after: { seconds: 5 } }
      do:
        - slow: { wait: { minutes: 1 } }
      """
    When the workflow is executed
    Then the workflow should time out

  Scenario: Of a sub-workflow, which fails in the one that runs it
    Given the saved workflow:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: inner, version: '1.0.0' }
      timeout: { after: { seconds: 5 } }
      do:
        - slow: { wait: { minutes: 1 } }
      """
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: timeout-sub, version: '1.0.0' }
      do:
        - tried:
            try: [ { inner: { run: { workflow: { namespace: features, name: inner, version: 1.0.0 } } } } ]
            catch: { as: e, do: [ { tell: { set: { status: '${ $e.status }' } } } ] }
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      status: 408
      """

  Scenario: May be caught around the task that it stops
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: timeout-caught, version: '1.0.0' }
      do:
        - tried:
            try: [ { slow: { timeout: { after: PT5S }, wait: PT1M } } ]
            catch:
              errors: { with: { type: https://open-workflow-specification.org/dsl/errors/types/timeout } }
              do: [ { tell: { set: { late: true } } } ]
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      late: true
      """

  Scenario: Does nothing to what is in time
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: timeout-in-time, version: '1.0.0' }
      timeout: { after: PT1M }
      do:
        - one: { timeout: { after: PT10S }, wait: PT9S }
        - two: { timeout: { after: PT10S }, wait: PT9S }
      """
    When the workflow is executed
    Then the workflow should complete
    And the workflow should have waited for:
      """yaml
      [9000, 9000]
      """
