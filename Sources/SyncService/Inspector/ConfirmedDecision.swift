import Configuration

/// A person's decision on what the cache shows. What is to be done is shown first; more than one thing is done only where that is confirmed.
protocol ConfirmedDecision {
    associatedtype Step

    var options: InspectorOptions { get }
    var isConfirmed: Bool { get }

    /// What is to be done, as the cache has it.
    func plan(_ view: InspectedView, _ output: InspectorOutput) throws -> [Step]
    /// For a person.
    func show(_ steps: [Step], _ output: InspectorOutput)
    /// Of how many things a step decides.
    func count(of step: Step) -> Int
    /// A step that is only shown.
    func preview(of step: Step) -> JSONValue
    /// What `--yes` does with them.
    func confirmation(of steps: [Step]) -> String
    /// Asks the daemon for it, prints what came of that, and gives the exit code.
    func carryOut(_ steps: [Step], _ client: AdminClient, _ output: InspectorOutput) async -> Int32
}

extension ConfirmedDecision {
    /// 0: done; 1: not, or not all; 2: it can't be told.
    func decide(_ output: InspectorOutput) async -> Int32 {
        var steps: [Step] = []
        var socket = ""
        let code = InspectorRun.perform(output) {
            let inspected = try InspectedCache(options)
            socket = inspected.wiring.configuration.adminSocket
            steps = try inspected.read { try plan($0, output) }
            if !options.isJSON { show(steps, output) }
            return 0
        }
        guard code == 0 else { return code }
        guard isConfirmed || steps.reduce(0, { $0 + count(of: $1) }) < 2 else {
            return InspectorRun.perform(output) {
                if options.isJSON {
                    output.json(.object([("preview", .array(steps.map(preview)))]), isPretty: true)
                }
                output.complain("nothing was done; --yes \(confirmation(of: steps))")
                return InspectorRun.found
            }
        }
        return await carryOut(steps, AdminClient(socket: socket), output)
    }
}
