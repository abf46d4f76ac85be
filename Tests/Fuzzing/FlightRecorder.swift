import Glibc

/// What a process is about to parse, in a file that survives whatever becomes of the process.
struct FlightRecorder {
    enum State: UInt32 {
        case starting = 0
        case parsing = 1
        case failed = 2
        case done = 3
    }

    private static let headerOctets = 1 << 12
    private static let octets = headerOctets + Mutator.maximumOctets
    private static let wordOctets = 1 << 11

    private let memory: UnsafeMutableRawBufferPointer

    /// Makes the file, or opens the one that another process made.
    init(path: String) throws {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0, ftruncate(descriptor, Self.octets) == 0 else { throw Violation("\(path) can't be made") }
        defer { Glibc.close(descriptor) }
        let mapped = mmap(nil, Self.octets, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let mapped, mapped != MAP_FAILED else { throw Violation("\(path) can't be mapped") }
        memory = UnsafeMutableRawBufferPointer(start: mapped, count: Self.octets)
    }

    func close() { munmap(memory.baseAddress, memory.count) }

    /// Before each input.
    func note(_ name: String, _ input: [UInt8]) {
        write(.starting, "")
        put(name, at: 64)
        memory.storeBytes(of: UInt32(input.count), toByteOffset: 4, as: UInt32.self)
        memory[Self.headerOctets...].copyBytes(from: input.prefix(Mutator.maximumOctets))
        memory.storeBytes(of: State.parsing.rawValue, as: UInt32.self)
    }

    /// - Parameter words: what was wrong with the input, or what was done.
    func write(_ state: State, _ words: String) {
        put(words, at: Self.wordOctets)
        memory.storeBytes(of: state.rawValue, as: UInt32.self)
    }

    private func put(_ text: String, at offset: Int) {
        let octets = Array(text.utf8.prefix(1_900))
        memory.storeBytes(of: UInt32(octets.count), toByteOffset: offset, as: UInt32.self)
        UnsafeMutableRawBufferPointer(rebasing: memory[(offset + 4)...]).copyBytes(from: octets)
    }

    private func text(at offset: Int) -> String {
        let count = Int(memory.load(fromByteOffset: offset, as: UInt32.self))
        return String(decoding: memory[(offset + 4)..<(offset + 4 + min(count, 1_900))], as: UTF8.self)
    }

    var state: State { State(rawValue: memory.load(as: UInt32.self)) ?? .starting }
    var words: String { text(at: Self.wordOctets) }
    var subject: String { text(at: 64) }
    var input: [UInt8] {
        let count = Int(memory.load(fromByteOffset: 4, as: UInt32.self))
        return Array(memory[Self.headerOctets..<(Self.headerOctets + min(count, Mutator.maximumOctets))])
    }
}
