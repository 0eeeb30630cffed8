// The Microsoft Graph types against which the simulated tenant checks bodies. They come from Microsoft's own package; this
// file lists only those that the tenant serves, so that the generated JSON Schema stays small.
import type {
  BookingAppointment,
  BookingBusiness,
  BookingCustomer,
  BookingCustomerInformation,
  BookingService,
  BookingStaffMember,
  Calendar,
  ChangeNotificationCollection,
  Event,
  Room,
  RoomList,
  ScheduleInformation,
  StaffAvailabilityItem,
  Subscription,
  User,
  WorkingHours,
} from "@microsoft/microsoft-graph-types";

// The published type declares the empty base type for customers; the reference and its samples use this one.
type Appointment = Omit<BookingAppointment, "customers"> & { customers?: BookingCustomerInformation[] };

export interface GraphTypes {
  bookingAppointment: Appointment;
  bookingBusiness: BookingBusiness;
  bookingCustomer: BookingCustomer;
  bookingService: BookingService;
  bookingStaffMember: BookingStaffMember;
  calendar: Calendar;
  changeNotificationCollection: ChangeNotificationCollection;
  event: Event;
  room: Room;
  roomList: RoomList;
  scheduleInformation: ScheduleInformation;
  staffAvailabilityItem: StaffAvailabilityItem;
  subscription: Subscription;
  user: Pick<User, "displayName" | "givenName" | "id" | "jobTitle" | "mail" | "mobilePhone" | "officeLocation" |
    "preferredLanguage" | "surname" | "userPrincipalName" | "businessPhones" | "accountEnabled" | "userType" |
    "proxyAddresses">;
  workingHours: WorkingHours;
}
