/// `syncline conflicts show ID`: all that is known of one conflict.
package struct ConflictShowCommand {
    private let options: InspectorOptions
    private let id: UInt64

    package init(_ options: InspectorOptions, id: UInt64) {
        self.options = options
        self.id = id
    }

    package func run(_ output: InspectorOutput = InspectorOutput()) async -> Int32 {
        await options.show(ConflictShowReport(id: id), output)
    }
}
