import Dispatch
import Glibc
import LMDB
import Synchronization

/// A process that writes until it kills itself from another thread, at whatever the writing thread is doing then.
enum WriterToBeKilled {
    private static let puts = Atomic<Int>(0)

    static func run(directory: String, puts limit: Int) throws {
        DispatchQueue.global().async {
            while puts.load(ordering: .relaxed) < limit {}
            kill(getpid(), SIGKILL)
        }
        var options = EnvironmentOptions()
        options.initialMapOctets = 64 << 10
        let environment = try Environment(directory: directory, options: options)
        let table = try environment.table("entries")
        for round in 1... {
            try environment.write { transaction in
                for number in 0..<100 {
                    let value = key(round) + [UInt8](repeating: 0, count: 10 * (round % 300))
                    try table.put(key(number), value, in: transaction)
                    puts.add(1, ordering: .relaxed)
                }
            }
        }
    }
}
